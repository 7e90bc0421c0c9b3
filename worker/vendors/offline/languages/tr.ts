/** Turkish. */
import words from './tr.json' with { type: 'json' };
import { type Language, wordSetsOf } from './language.ts';

export const tr: Language = {
  code: 'tr',
  ...wordSetsOf(words),
  definitions: [
    {
      pattern: /^(?<term>[^,:]{2,60}?), (?<meaning>[^:]{4,200}?[ıiuü])(?<!m[ıiuü]ş)d[ıiuü]r$/iu,
      ask: (term) => `${term} nedir?`,
    },
    {
      pattern: /^(?<term>[^,:]{2,60}?), (?<meaning>[^:]*\bbir [^:,]{2,60}?)[dt][ıiuü]r$/iu,
      ask: (term) => `${term} nedir?`,
    },
  ],
};
