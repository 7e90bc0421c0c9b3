/** Portuguese. */
import words from './pt.json' with { type: 'json' };
import { type Language, wordSetsOf } from './language.ts';

const what = (term: string, verb: string) => `O que ${verb} ${term}?`;
const who = (term: string, verb: string) => `Quem ${verb} ${term}?`;

export const pt: Language = {
  code: 'pt',
  ...wordSetsOf(words),
  empty: /^(?:um pouco|um problema|um exemplo|uma boa|um bom|o mesmo|a mesma|o único|a única|a razão|o problema|um dos|uma das)(?: |$)/i,
  definitions: [
    { pattern: /^(?<term>.{2,80}?),? (?<verb>é|são) (?<meaning>(?:um|uma|o|a|os|as) .{3,})$/i, ask: what, askWho: who },
    { pattern: /^(?<term>.{2,60}?) (?<verb>são) (?<meaning>[\p{L}-]+(?: [\p{L}-]+){0,3} que .{3,})$/iu, ask: what },
    {
      pattern: /^(?<term>.{2,80}?) (?<verb>era|eram|foi|foram) (?<meaning>(?:um|uma|o|a|os|as) .{3,})$/i,
      ask: what,
      askWho: who,
      past: true,
    },
  ],
  relation:
    /^(.{3,90}? (?:é compost[oa] por|são compost[oa]s por|contém|contêm|produz|produzem|armazena|armazenam|fica em|ficam em|localiza-se em|chama-se|descobriu|inventou|escreveu|pintou|fundou) (?:o |a |os |as |um |uma )?)(\S.*)$/i,
};
