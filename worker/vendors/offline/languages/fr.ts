/** French. */
import words from './fr.json' with { type: 'json' };
import { type Language, wordSetsOf } from './language.ts';

const what = (term: string) => `${term} : qu'est-ce que c'est ?`;
const who = (term: string) => `${term} : qui est-ce ?`;

export const fr: Language = {
  code: 'fr',
  ...wordSetsOf(words),
  empty:
    /^(?:un peu|un problème|un exemple|une bonne|un bon|le même|la même|les mêmes|le seul|la seule|la raison|le problème|l['’]un des|l['’]une des|un des|une des)(?: |$)/i,
  definitions: [
    { pattern: /^(?<term>.{2,80}?),? (?<verb>est|sont) (?<meaning>(?:un |une |des |le |la |les |l['’]).{3,})$/i, ask: what, askWho: who },
    {
      pattern: /^(?<term>.{2,80}?) (?<verb>était|étaient|fut|furent) (?<meaning>(?:un |une |le |la |les |l['’]).{3,})$/i,
      ask: what,
      askWho: who,
      past: true,
    },
    {
      pattern: /^On appelle (?<term>\p{L}[\p{L}'’ -]{2,50}?) (?<meaning>(?:l['’]|la |le |les |un |une |tout |toute )\p{L}.{8,})$/iu,
      ask: (term) => `Qu'appelle-t-on ${term} ?`,
    },
  ],
  relation:
    /^(.{3,90}? (?:se composent? de|est composée? de|sont composée?s de|contient|contiennent|produit|produisent|stocke|stockent|se trouvent? (?:en|dans|à)|est situé(?:e)? (?:en|dans|à)|s['’]appelle|s['’]appellent|a découvert|a inventé|a écrit|a peint|a fondé|découvrit|inventa) (?:le |la |les |l['’]|un |une |du |de la |des )?)(\S.*)$/i,
};
