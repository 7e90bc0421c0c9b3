/** Russian. */
import words from './ru.json' with { type: 'json' };
import { type Language, wordSetsOf } from './language.ts';

const what = (term: string) => `${term} — это что?`;
const who = (term: string) => `${term} — кто это?`;

export const ru: Language = {
  code: 'ru',
  ...wordSetsOf(words),
  definitions: [
    { pattern: /^(?<term>[^—–,:]{2,60}?) [—–] это (?<meaning>\p{Script=Cyrillic}[^—–]{3,})$/iu, ask: what, askWho: who },
    {
      pattern:
        /^(?<term>[^\s—–,:]+(?: [^\s—–,:]+){0,3}(?:\([^()]{1,30}\))?) [—–] (?!в |на |и |но |а |не |от |до |с )(?<meaning>\p{Script=Cyrillic}[^—–]{5,})$/iu,
      ask: what,
      askWho: who,
    },
  ],
  relation:
    /^(.{3,90}? (?:называется|называют|называются|состоит из|состоят из|содержит|содержат|открыл|изобрёл|написал|основал) )(\S.*)$/iu,
};
