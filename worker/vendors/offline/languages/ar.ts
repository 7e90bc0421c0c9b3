/** Arabic. */
import words from './ar.json' with { type: 'json' };
import { type Language, wordSetsOf } from './language.ts';

export const ar: Language = {
  code: 'ar',
  ...wordSetsOf(words),
  definitions: [
    {
      pattern: /^(?<term>[^،,:؟]{2,60}?) (?<verb>هو|هي) (?<meaning>[^؟]{3,})$/u,
      ask: (term, verb) => `ما ${verb} ${term}؟`,
      askWho: (term, verb) => `من ${verb} ${term}؟`,
    },
  ],
};
