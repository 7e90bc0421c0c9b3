/** German. */
import words from './de.json' with { type: 'json' };
import { type Language, wordSetsOf } from './language.ts';

const was = (term: string, verb: string) => `Was ${verb} ${term}?`;
const wer = (term: string, verb: string) => `Wer ${verb} ${term}?`;

export const de: Language = {
  code: 'de',
  ...wordSetsOf(words),
  empty:
    /^(?:ein bisschen|eine menge|ein paar|ein problem|ein beispiel|ein muss|eine frage|der gleiche|die gleiche|das gleiche|dasselbe|der grund|das problem|eine gute|ein guter|ein gutes|der einzige|die einzige|das einzige|einer der|eine der|eines der)(?: |$)/i,
  definitions: [
    {
      pattern: /^(?<term>.{2,80}?),? (?<verb>ist|sind) (?<meaning>(?:ein|eine|einer|der|die|das|jede|jeder|jedes) .{3,})$/i,
      ask: was,
      askWho: wer,
    },
    {
      pattern: /^(?<term>.{2,60}?) (?<verb>sind) (?<meaning>(?:[\p{L}-]+ ){0,3}\p{Lu}[\p{L}-]+, (?:die|deren|in denen|mit denen) .{3,})$/u,
      ask: was,
    },
    { pattern: /^(?<term>.{2,80}?) (?<verb>war|waren) (?<meaning>(?:ein|eine|der|die|das) .{3,})$/i, ask: was, askWho: wer, past: true },
    { pattern: /^Unter (?<term>.{2,60}?) versteht man (?<meaning>.{5,})$/i, ask: (term) => `Was versteht man unter ${term}?` },
    { pattern: /^Als (?<term>.{2,60}?) bezeichnet man (?<meaning>.{5,})$/i, ask: (term) => `Was bezeichnet man als ${term}?` },
    { pattern: /^(?<term>["„]?[\p{L}-]+["“]?) bedeutet (?!,|dass|für)(?<meaning>.{3,})$/iu, ask: (term) => `Was bedeutet ${term}?` },
  ],
  relation:
    /^(.{3,90}? (?:besteht aus|bestehen aus|heißt|heißen|enthält|enthalten|erzeugt|erzeugen|produziert|produzieren|verursacht|speichert|speichern|liegt in|liegen in|lebt in|leben in|entdeckte|erfand|schrieb|malte|gründete|braucht|brauchen|benötigt|benötigen|gehört zu|gehören zu) (?:der |die |das |den |dem |ein |eine |einen |einem )?)(\S.*)$/i,
};
