/** English. */
import words from './en.json' with { type: 'json' };
import { type Language, wordSetsOf } from './language.ts';

const what = (term: string, verb: string) => `What ${verb} ${term}?`;
const who = (term: string, verb: string) => `Who ${verb} ${term}?`;

export const en: Language = {
  code: 'en',
  ...wordSetsOf(words),
  empty:
    /^(?:a lot|a bit|a must|a good|a great|a bad|a nice|a big|a problem|a joke|a pity|a shame|a mess|a matter|a result|an example|a part of it|the same|the best|the worst|the case|the following|the (?:main |key |real |biggest |true |first )?(?:reason|cause|point|problem|idea|goal)|the point|the one|the only|the result|the first|the last|the next|the other|the way|one of)(?: |$)/i,
  definitions: [
    {
      pattern: /^(?<term>.{2,80}?),? (?<verb>is|are) (?<meaning>(?:an?|the|any) .{3,})$/i,
      ask: what,
      askWho: who,
    },
    {
      pattern:
        /^(?<term>.{2,60}?) (?<verb>are) (?<meaning>(?!\w+ly |made |found |used |known |called |often |those |people )[a-z][a-z-]+(?: [a-z-]+){0,3} (?:that|which|who|made of|found in|used to) .{3,})$/i,
      ask: what,
    },
    { pattern: /^(?<term>.{2,60}?) (?<verb>is) (?<meaning>(?:when|how much) .{8,})$/i, ask: what },
    { pattern: /^(?<term>.{2,80}?) (?<verb>was|were) (?<meaning>(?:an?|the) .{3,})$/i, ask: what, askWho: who, past: true },
    {
      pattern: /^(?<term>.{2,60}?) (?:refers to|is defined as|are defined as) (?<meaning>.{5,})$/i,
      ask: (term) => `What is meant by ${term}?`,
    },
    {
      pattern: /^(?<term>["“]?[\p{L}-]+["”]?(?: [\p{L}-]+){0,2}) (?:means|stands for) (?<meaning>.{3,})$/iu,
      ask: (term) => `What does ${term} mean?`,
    },
  ],
  relation:
    /^(.{3,90}? (?:consists? of|(?:is|are) (?:mostly |mainly |largely |partly )?(?:made (?:up )?of|caused by|located in|composed of|stored in|measured in|found in|produced (?:in|by)|called|known as|named after|divided into|transmitted by|spoken in)|(?:was|were) (?:discovered by|invented by|written by|painted by|founded by|composed by|built by|caused by|named after)|produces?|causes?|converts?|transports?|stores?|absorbs?|releases?|secretes?|(?<!\b(?:was|were|been|be) )(?:discovered|invented|wrote|painted|founded)|needs?|requires?|contains?|lies in|lives? in|belongs? to|orbits?|borders?) (?:the |an? )?)(\S.*)$/i,
};
