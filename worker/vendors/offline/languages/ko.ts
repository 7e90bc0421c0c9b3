/** Korean. */
import words from './ko.json' with { type: 'json' };
import { type Language, wordSetsOf } from './language.ts';

export const ko: Language = {
  code: 'ko',
  ...wordSetsOf(words),
  personEnding: /(?:왕|학자|작가|화가|시인|대통령|장군|사람|과학자|음악가|배우|가수|황제)$/u,
  definitions: [
    {
      pattern:
        /^(?<term>[^,.]{1,30}?(?:은|는|이란|란)),? (?<meaning>[^"“”]{1,200}?[^보쓰움직높줄붙먹죽끓속"“”])(?:이다|입니다|이에요|예요)$/u,
      ask: (term) => `${term} 무엇인가요?`,
      askWho: (term) => `${term} 누구인가요?`,
    },
  ],
};
