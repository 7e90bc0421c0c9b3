/** Which lines are headings, and what they name. */
import { chores, courseLabel, emptyHeading } from './labels.ts';
import type { Line } from './lines.ts';
import { pairMark } from './pairs.ts';
import { words } from './text.ts';

/** A heading and the topic it names; a heading such as "Unit 4" or "Overview" names none. */
export type Heading = {
  at: number;
  text: string;
  topic?: string;
  /** What stands under it is to be done, not to be learned. */ chore?: true;
};

/** A line with one of these says something and is no title. */
const says =
  /\s(?:is|are|was|were|has|have|ist|sind|war|hat|est|sont|es|son|è|sono|é|são|means)\s|[。！]|[はが].{1,40}(?:です|ます|だ|る)$|是|(?:다|요)$/iu;

/** The heading that a line is, if it is one. `next` and `after`: the lines after it. */
export function headingOf({ at, text, mark, first, spoken, indent }: Line, next: Line | undefined, after?: Line): Heading | undefined {
  if (spoken) return undefined;
  const label = courseLabel.exec(text);
  const rest = label?.slice(1).findLast((part) => part !== undefined) ?? '';
  if (label && !/[.!?。]$/.test(text)) return heading(at, text, rest);
  if (mark === 'heading') return heading(at, text, text);
  const numbered = /^(?:[IVX]{1,4}|\d{1,2}(?:\.\d{1,2}){1,3})(?:[.)]|\s[-–])\s{1,3}(\S.{2,60})$/u.exec(text)?.[1];
  if (numbered !== undefined && !/[.!?:]\s|[.!?]$/.test(numbered)) return heading(at, text, numbered);
  // The first line, alone, is the title, even if it looks like a pair.
  // Pairs may stand in paragraphs of their own, too, and two of them are a whole text.
  const isLonely = next?.first && !((after === undefined || after.first) && pairMark.test(next.text));
  if (at === 0 && isLonely && /\s[-–—|]\s/.test(text) && text.length <= 70 && !/[.!?]$/.test(text)) return { at, text };
  if (courseLabel.test(text.split(/\s[-–—|:]\s/).at(-1) ?? '')) return { at, text };
  if (chores.test(text.replace(/[:：\s]+$/u, ''))) return { at, text, chore: true };
  if (text.length > 70 || next === undefined || says.test(text)) return undefined;
  const isShort = !/[.!?,;:。！？：…]$/u.test(text) && !pairMark.test(text) && words(text).length <= 6;
  if (mark === 'item') return isShort && next.mark === 'item' && next.indent > indent ? heading(at, text, text) : undefined;
  const leads = /[:：]$/.test(text) && next.mark === 'item';
  const title = first && isShort && (!next.first || next.text.length > text.length || next.mark === 'item');
  return leads || title ? heading(at, text, text) : undefined;
}

function heading(at: number, text: string, named: string): Heading {
  const topic = named
    .replace(/^(?:\d{1,2}(?:\.\d{1,2}){0,3}\.?|[ivx]{1,4}\.|[a-h]\))\s+/i, '')
    .replace(/\s{0,3}\([^()]{0,60}\)$/, '')
    .replace(/[\s:：.–—-]+$/u, '')
    .trim();
  const bare = topic.toLowerCase().replaceAll(' ', '_');
  const empty =
    topic === '' ||
    topic.length > 60 ||
    words(topic).length > 6 ||
    emptyHeading.has(bare) ||
    emptyHeading.has(bare.split('_').at(-1) ?? '') ||
    /\d{1,2}[:.]\d{2}|\d{3}|[?!]/.test(topic);
  return empty ? { at, text } : { at, text, topic };
}
