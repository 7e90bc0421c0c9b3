/** Notes into lines: bounded, without code, marks of any markup, and who said what when. */

/** A line with something in it. */
export type Line = {
  /** Its place among the lines of the text, from 0. */
  at: number;
  text: string;
  /** Whether an empty line, or the start of the text, stands before it. */
  first: boolean;
  /** How it is marked: as an item of a list, as a heading, or not at all. */
  mark: 'none' | 'item' | 'heading';
  /** How far it is indented, in characters; a tab counts for four. */
  indent: number;
  /** Whether somebody says it: it had a time or a speaker before it. */
  spoken: boolean;
};

/** Bounds, so that no text costs more than its length: lines that are read, and characters in one. */
const MAX_LINES = 4000;
const MAX_LINE = 1200;

const subtitleTime = /^(?:\d{1,2}:)?\d{1,2}:\d{2}[.,]\d{3}\s{0,3}-->/;
const timeAlone = /^[[(]?\d{1,2}:\d{2}(?::\d{2})?[\])]?$/;
const fence = /^\s{0,8}(?:```|~~~)/;

/** The lines of a text. */
export function readLines(text: string): Line[] {
  const raw = bounded(text.split(/\r\n|[\r\n\u2028\u2029]/));
  const subtitles = raw.some((line) => subtitleTime.test(line));
  const kept = withoutCode(raw).map((line, at) => ({ at, line: line.trim() === '' ? '' : visible(line) }));
  return subtitles ? joinSubtitles(kept) : joinWrapped(kept.map(({ at, line }) => ({ at, ...unmark(line) })));
}

/** Cuts lines that are too long, after a sentence where there is one, else between words. */
function bounded(raw: string[]): string[] {
  const made: string[] = [];
  for (const line of raw) {
    let start = 0;
    while (line.length - start > MAX_LINE && made.length < MAX_LINES) {
      const window = line.slice(start, start + MAX_LINE);
      const end = Math.max(...['. ', '! ', '? ', '。', '！', '？'].map((stop) => window.lastIndexOf(stop))) + 1;
      const cut = end > MAX_LINE / 4 ? end : Math.max(window.lastIndexOf(' '), MAX_LINE / 2);
      made.push(window.slice(0, cut));
      start += cut;
    }
    if (made.length >= MAX_LINES) return made;
    made.push(line.slice(start));
  }
  return made;
}

/** Without fenced code; a fence that is never closed is none. */
function withoutCode(raw: string[]): string[] {
  const fences = raw.flatMap((line, at) => (fence.test(line) ? [at] : []));
  const inside = new Set<number>();
  for (let place = 0; place + 1 < fences.length; place += 2) {
    for (let at = fences[place] ?? 0; at <= (fences[place + 1] ?? -1); at++) inside.add(at);
  }
  return raw.map((line, at) => (inside.has(at) ? '' : line));
}

/** Without what can't be seen. Tabs stay, since they part columns. */
function visible(line: string): string {
  return line
    .normalize('NFC')
    .replace(/[\u00ad\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]/g, '')
    .replace(/\p{Cc}/gu, (character) => (character === '\t' ? '\t' : ' '))
    .trimEnd();
}

type Marked = Omit<Line, 'first'>;

const marks = {
  heading: /^\s{0,8}(?:#{1,6}\s+|={2,6}\s?(?=\S))/,
  item: /^\s{0,40}(?:[-*+•‣▪◦·–—→>]|\d{1,3}[.)]|[a-z]\)|\(\d{1,3}\)|☐|☑|✓|✅)\s{1,8}|^[・●■◆○]\s{0,4}/u,
  box: /^\[[ xX]?\]\s{0,4}/,
  moment:
    /^[[(<]?(?:\d{1,4}[./-]\d{1,2}[./-]\d{2,4},?\s{1,2})?\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d{1,3})?(?:\s?[ap]\.?m\.?)?[\])>]?(?:\s{0,3}[-–—|:])?\s{1,4}(?=\S)/i,
  said: /^<?(?:[\p{Lu}\p{Lo}][\p{L}\p{N}.'’_-]{0,30}(?: [\p{Lu}\p{N}][\p{L}\p{N}.'’_-]{0,30}){0,2}|[a-z][\w.-]{0,20})(?:>:?|:|：)\s{1,4}(?=\S)/u,
  nick: /^<[\p{L}\p{N}_.-]{1,30}>\s{1,4}/u,
};

/** Takes the marks off a line and tells what they said of it. */
function unmark(raw: string): Omit<Marked, 'at'> {
  const isHeading = marks.heading.test(raw);
  const isItem = !isHeading && marks.item.test(raw);
  let text = raw.replace(isHeading ? marks.heading : marks.item, '').replace(marks.box, '');
  if (isHeading) text = text.replace(/\s{0,4}(?:#{1,6}|={2,6})\s*$/, '');
  const afterTime = text.trimStart().replace(marks.moment, '');
  const timed = afterTime !== text.trimStart();
  if (timed) text = afterTime.replace(marks.said, '');
  const nick = marks.nick.test(text);
  if (nick) text = text.replace(marks.nick, '');
  const bold = /^\s{0,4}(?:\*\*|__)([^*_]{1,80}?):?(?:\*\*|__):?\s*$/.exec(text);
  return {
    text: plain(text),
    mark: isHeading || (bold !== null && !isItem) ? 'heading' : isItem ? 'item' : 'none',
    spoken: timed || nick,
    indent: (/^[ \t]{0,40}/.exec(raw)?.[0] ?? '').replaceAll('\t', '    ').length,
  };
}

/** Without the marks of Markdown and HTML inside a line, without notes such as "[1]", and without emoji. */
function plain(text: string): string {
  return text
    .replace(/!?\[([^[\]]{0,200})\]\([^()\s]{0,300}\)/g, '$1')
    .replace(/\[\[(?:[^[\]|]{1,80}\|)?([^[\]|]{1,80})\]\]/g, '$1')
    .replace(/\{\{[^{}]{0,200}\}\}/g, '')
    .replace(/\[(?:\d{1,3}|[a-z]|citation needed)\]/g, '')
    .replace(/<\/?[a-z][^<>]{0,60}>/gi, '')
    .replace(/\*\*|__(?!_)|`|==|~~/g, '')
    .replace(/(^|[\s(])[_*]([^\s_*](?:[^_*]{0,200}[^\s_*])?)[_*](?=[\s.,;:!?)]|$)/g, '$1$2')
    .replace(/\p{Extended_Pictographic}|[\u{1f1e6}-\u{1f1ff}]|\ufe0f/gu, '')
    .trim();
}

/** A line that begins a pair goes on from no other. */
const pairs = /^[^:=→–—]{1,50}(?::\s|：|\s[-–—=→]\s|\s[-=]>\s|\t)/u;

/** Joins what was only wrapped: a long line without an end, before one that begins small or fills the page too. */
function joinWrapped(marked: Marked[]): Line[] {
  const made: Line[] = [];
  let before = ''; // the line before, as it was written
  for (const { at, text, mark, spoken, indent } of marked) {
    const last = made.at(-1);
    const open = /[^.!?:;。！？\s|]$/u.test(before);
    const goesOn = /^\p{Ll}/u.test(text) ? before.length >= 40 : before.length >= 60 && before.length <= 100 && !before.includes('\t');
    if (
      last &&
      mark === 'none' &&
      !spoken &&
      last.mark !== 'heading' &&
      open &&
      goesOn &&
      text !== '' &&
      last.text.length < MAX_LINE &&
      !pairs.test(text)
    ) {
      last.text = `${last.text} ${text}`;
    } else if (text !== '') made.push({ at, text, mark, spoken, indent, first: before === '' });
    before = text;
  }
  return made;
}

/** Subtitles show a sentence in pieces: numbers and times go, pieces are joined up to the sentence's end. */
function joinSubtitles(kept: { at: number; line: string }[]): Line[] {
  const made: Line[] = [];
  for (const { at, line } of kept) {
    const text = plain(line.replace(/\{\\[^{}]{0,40}\}|[♪♫]/g, '')).trim();
    const noise = /^\d{1,6}$|^WEBVTT\b|^NOTE\b|^[[(][^\])]{0,60}[\])]$/.test(text) || subtitleTime.test(text);
    if (text === '' || noise) continue;
    const last = made.at(-1);
    const dialogue = /^[-–]\s?\S/.test(text);
    if (last && !dialogue && !/[.!?…。！？]["”]?$/u.test(last.text) && last.text.length + text.length < MAX_LINE)
      last.text = `${last.text} ${text}`;
    else made.push({ at, text: text.replace(/^[-–]\s?/, ''), mark: 'none', spoken: true, indent: 0, first: made.length === 0 });
  }
  return made;
}

/** Whether a line is nothing but a time, as transcripts have them. */
export const isTime = (text: string): boolean => timeAlone.test(text);
