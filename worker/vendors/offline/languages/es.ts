/** Spanish. */
import words from './es.json' with { type: 'json' };
import { type Language, wordSetsOf } from './language.ts';

const what = (term: string, verb: string) => `¿Qué ${verb} ${term}?`;
const who = (term: string, verb: string) => `¿Quién${verb === 'son' ? 'es' : ''} ${verb} ${term}?`;

export const es: Language = {
  code: 'es',
  ...wordSetsOf(words),
  empty:
    /^(?:un poco|un problema|un ejemplo|una buena|un buen|el mismo|la misma|lo mismo|el único|la única|la razón|el problema|uno de|una de)(?: |$)/i,
  definitions: [
    { pattern: /^(?<term>.{2,80}?),? (?<verb>es|son) (?<meaning>(?:un|una|unos|unas|el|la|los|las) .{3,})$/i, ask: what, askWho: who },
    { pattern: /^(?<term>.{2,60}?) (?<verb>son) (?<meaning>[\p{L}-]+(?: [\p{L}-]+){0,3} que .{3,})$/iu, ask: what },
    {
      pattern: /^(?<term>.{2,80}?) (?<verb>era|eran|fue|fueron) (?<meaning>(?:un|una|el|la|los|las) .{3,})$/i,
      ask: what,
      askWho: who,
      past: true,
    },
    {
      pattern: /^Se (?:llama|denomina|conoce como) (?<term>\p{L}[\p{L} -]{2,40}?) (?:a|al) (?<meaning>(?:la |los |las |el )?\p{L}.{8,})$/iu,
      ask: (term) => `¿A qué se llama ${term}?`,
    },
  ],
  relation:
    /^(.{3,90}? (?:se componen? de|consta de|contiene|contienen|produce|producen|almacena|almacenan|se encuentra en|se encuentran en|está situad[oa] en|se llaman?|descubrió|inventó|escribió|pintó|fundó) (?:el |la |los |las |un |una )?)(\S.*)$/i,
};
