/** Italian. */
import words from './it.json' with { type: 'json' };
import { type Language, wordSetsOf } from './language.ts';

const what = (term: string, verb: string) =>
  verb === 'è' || verb === 'era' || verb === 'fu' ? `${term}: che cos'è?` : `${term}: che cosa sono?`;
const who = (term: string) => `${term}: chi è?`;

export const it: Language = {
  code: 'it',
  ...wordSetsOf(words),
  empty:
    /^(?:un po['’]|un problema|un esempio|una buona|un buon|lo stesso|la stessa|gli stessi|l['’]unic[oa]|la ragione|il problema|uno dei|una delle|uno degli)(?: |$)/i,
  definitions: [
    {
      pattern: /^(?<term>.{2,80}?),? (?<verb>è|sono) (?<meaning>(?:un |una |uno |il |la |lo |i |le |gli |l['’]|un['’]).{3,})$/i,
      ask: what,
      askWho: who,
    },
    {
      pattern: /^(?<term>.{2,80}?) (?<verb>era|erano|fu|furono) (?<meaning>(?:un |una |uno |il |la |lo |i |le |gli |l['’]|un['’]).{3,})$/i,
      ask: what,
      askWho: who,
      past: true,
    },
  ],
  relation:
    /^(.{3,90}? (?:è compost[oa] da|sono compost[ie] da|è costituit[oa] da|contiene|contengono|produce|producono|si trova in|si trovano in|si chiama|si chiamano|ha scoperto|ha inventato|ha scritto|ha dipinto|ha fondato|scoprì|inventò|scrisse|dipinse|fondò) (?:il |lo |la |i |gli |le |l['’]|un |una )?)(\S.*)$/i,
};
