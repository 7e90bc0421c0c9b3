/** English. */
import { type Language, set } from './language.ts';

const what = (term: string, verb: string) => `What ${verb} ${term}?`;
const who = (term: string, verb: string) => `Who ${verb} ${term}?`;

export const en: Language = {
  code: 'en',
  starters: set(
    `it this that these those he she they there here what which who whom whose one his her its their in on at by for from with without of to
     because although though if when while since after before until as but and or so then than today yesterday tomorrow now every each some
     many most few all no not also however therefore thus hence both either neither only just even according during despite unlike like such
     another other others remember note why how where instead again still yet perhaps maybe please see read bring submit let first second
     third next finally sometimes often usually much more less several any anything everything something nothing once among between`,
  ),
  pronouns: set(
    'it he she they him them this these those there here such then itself former latter also again instead too above below following previous yesterday today tomorrow tonight',
  ),
  persons: set(
    "i me my mine myself we us our ours you your yours i'm i've i'd i'll we're we've we'll you're you've you'll let's lol haha omg btw idk u ur thx thanks pls please yeah yep nope ok okay hey hi hello bye sorry gonna wanna gotta dear",
  ),
  articles: set('the a an'),
  joints: set(
    `is are was were be been being am has have had do does did can could will would shall should may might must about above across against along
     around between beyond into onto over through toward towards under upon within in on at by for from with without of to and or but as than that
     which who whom whose where when while because so if since after before until during per via very much more most less often usually generally
     called known made using used not no nor only just every each all some any many few both its their his her this these those it they he she
     there here such also too then now inside outside mainly mostly`,
  ),
  vague: set(
    `problem result reason question thing point answer idea goal aim day way step exam meeting one other second next last following same
     example weather food price cost number name plan rest truth fact key main difference task solution advantage disadvantage trick deal
     time lesson course lecture teacher professor room book story movie film purpose issue news house man woman boy girl place secret`,
  ),
  admin: set(
    `exam exams midterm homework assignment assignments deadline quiz seminar office ects syllabus due lecture lectures lecturer
     tutorial semester agenda shopping schedule slides handout email password login textbook`,
  ),
  people: set(
    `heir archduke duke duchess prince princess botanist zoologist anatomist geographer archaeologist anthropologist sociologist linguist surgeon pharmacist astronaut cosmonaut journalist filmmaker mathematician physicist chemist biologist scientist philosopher writer author poet painter artist composer musician singer actor actress
     king queen emperor empress president chancellor politician leader general explorer inventor engineer doctor physician nurse astronomer
     economist historian psychologist architect sculptor playwright novelist revolutionary activist monk saint priest pope prophet ruler
     statesman soldier officer sailor navigator programmer naturalist botanist geologist lawyer judge teacher dancer director founder man woman`,
  ),
  imperatives: set(
    'press click open close push pull add mix stir bake heat cook boil put take turn use make do go come try keep start stop write read choose select install run check enter type wait leave cut pour serve remove place set draw solve calculate find explain describe discuss compare list name define give show bring send ask call buy get visit learn study practise practice',
  ),
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
