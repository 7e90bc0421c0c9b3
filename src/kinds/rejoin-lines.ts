/** Joins lines that a page, a terminal or a reader of images has wrapped. Pure, in linear time. */
import { fencedLines } from './fences.ts';
import { ARROWS, DASHES, TYPED_ARROW } from './pair-marks.ts';

/** Words that end no sentence: after one of them, and before one, a line has not ended. */
const functionWords = new Set(
  `a an the of to in on at by for from with and or but is are was were that which as than its their into through between
  der die das den dem des ein eine einen einem einer eines und oder von vom zu zum zur im am auf aus bei mit für durch über unter ist sind war wird dass als
  le la les un une du de ou à au aux en dans par pour sur avec est sont que qui el los las una del y con sin es son o
  il lo gli uno della dei di da nel per è e os as um uma do dos das no na em и на с к по от для из что ve bir ile için`.split(/\s+/),
);

/**
 * Parts of words that have a hyphen of their own: "well-known" keeps it, also where the line ends
 * after it.
 */
const compounding = {
  left: new Set('well self non two three'.split(' ')),
  right: new Set('known based term level scale sized shaped year specific dependent related called driven oriented'.split(' ')),
};

/** "Vor- und Nachteile": the hyphen stands for a word that comes later. */
const suspending = new Set('und oder bzw sowie bis and or to et ou y o e ed и или en of och och eller'.split(' '));

/** A line that begins something: an item, a heading, a row, a label or a time. */
const begins = /^\s{0,40}(?:[-*+•‣▪◦·–—→>#|=☐☑✓✅・●■◆○]|\d{1,3}[.)]\s|[a-z]\)\s|\(\d{1,3}\)|[[(<]?\d{1,2}:\d{2})/u;

/** A line that begins with a term and the mark before its meaning. */
const beginsPair = new RegExp(`^[^:=${ARROWS}–—]{1,50}(?::\\s|：|::|\\s[=${DASHES}${ARROWS}]\\s|\\s${TYPED_ARROW}\\s|\\t)`, 'u');

const beginsAnew = (line: string): boolean => begins.test(line) || beginsPair.test(line);

const isOpen = (line: string): boolean => line !== '' && !/[.!?:;。！？…\s|]$|[.!?。！？…]["”»]$/u.test(line.slice(-2));
const endsSentence = (line: string): boolean => /[.!?。！？…]["”»)]?$/u.test(line.slice(-2));
const isUnspaced = (letter: string): boolean => /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー、]/u.test(letter);
const lastWord = (line: string): string =>
  line
    .slice(line.lastIndexOf(' ') + 1)
    .slice(-20)
    .toLowerCase();
const firstWord = (line: string): string => /^\S{1,80}/u.exec(line)?.[0] ?? '';

/**
 * Rejoins the lines of each paragraph that belong together. Line ends are line feeds. Fenced code
 * stays as it is.
 */
export function rejoinLines(text: string): string {
  const lines = text.split('\n');
  const fenced = fencedLines(lines);
  const hyphenated = hyphenatedWords(text);
  const made: string[] = [];
  let start = 0;
  for (let end = 0; end <= lines.length; end++) {
    const line = lines[end];
    if (line !== undefined && line.trim() !== '' && !fenced.has(end)) continue;
    const paragraph = lines.slice(start, end);
    made.push(...(paragraph.length < 2 || isSetInLines(paragraph) ? paragraph : rejoin(paragraph, hyphenated)));
    if (line !== undefined) made.push(line);
    start = end + 1;
  }
  return made.join('\n');
}

/**
 * The words with a hyphen, in small letters. Most texts have
 * no hyphen, and to look for words takes longer.
 */
function hyphenatedWords(text: string): ReadonlySet<string> {
  if (!text.includes('-')) return new Set();
  return new Set(Array.from(text.matchAll(/(?<!\p{L})\p{L}{1,40}-\p{L}{1,40}/gu), ([word]) => word.toLowerCase()));
}

const programLine =
  /[{};]$|\w\([^()]*\)\s?[:{]?$|^\s*(?:def|class|import|from|return|const|let|var|function|if|elif|else|for|while|print|SELECT)\b.*[(){}=:;]|\s[=!<>+-]=\s|^\s{2,}\w+ = /;

/**
 * Whether the author has set the lines of a paragraph: a program, or verse, whose lines mostly end
 * with commas.
 */
function isSetInLines(paragraph: readonly string[]): boolean {
  const programs = paragraph.filter((line) => programLine.test(line.trimEnd())).length;
  const commas = paragraph.filter((line) => /[,;]$/.test(line.trimEnd())).length;
  return programs * 3 >= paragraph.length || (paragraph.length > 2 && commas * 2 > paragraph.length);
}

function rejoin(paragraph: readonly string[], hyphenated: ReadonlySet<string>): string[] {
  const width = widthOf(paragraph);
  const isProse = isNarrowProse(paragraph, width);
  const made: string[] = [];
  let whole: string[] = []; // the pieces of the line that is being put together
  let opening = ''; // its first piece
  const close = (): void => void (whole.length > 0 && made.push(whole.join('')));
  for (const [place, line] of paragraph.entries()) {
    const before = paragraph[place - 1]?.trimEnd();
    const next = line.trim();
    const joint = before === undefined || beginsAnew(line) || isApart(before) ? undefined : jointOf(before, next, hyphenated);
    const isWrapped =
      joint !== undefined &&
      before !== undefined &&
      (joint.type === 'hyphen' || (isOpen(before) && goesOn(before, next, { width, isProse, opening })));
    if (!isWrapped) {
      close();
      whole = [line];
      opening = line;
      continue;
    }
    whole[whole.length - 1] = (whole.at(-1) ?? '').trimEnd().slice(0, joint.drops ? -1 : undefined);
    whole.push(joint.with + next);
  }
  close();
  return made;
}

/** A heading and a row of a table go on in no other line. */
const isApart = (line: string): boolean => /^\s{0,8}#{1,6}\s|\t|\|$/.test(line);

type Joint = { type: 'space' | 'hyphen'; with: string; drops?: boolean };

/**
 * How two lines would be joined. A hyphen that parts a word is dropped, unless it is the word's
 * own.
 */
function jointOf(before: string, next: string, hyphenated: ReadonlySet<string>): Joint {
  const [, left] = /[-\u2010]$/.test(before.slice(-1)) ? (/(\p{L}{1,40}).$/u.exec(before.slice(-41)) ?? []) : [];
  if (left === undefined || !(/\s/.test(before) || /\s/.test(next)))
    return { type: 'space', with: isUnspaced(before.at(-1) ?? '') && isUnspaced(next[0] ?? '') ? '' : ' ' };
  const right = /^\p{L}{1,40}/u.exec(next)?.[0] ?? '';
  if (suspending.has(right.toLowerCase())) return { type: 'hyphen', with: ' ' };
  const isOwn =
    !/^\p{Ll}/u.test(right) ||
    compounding.left.has(left.toLowerCase()) ||
    compounding.right.has(right) ||
    hyphenated.has(`${left}-${right}`.toLowerCase());
  if (right === '') return { type: 'space', with: ' ' };
  return { type: 'hyphen', with: '', ...(!isOwn && { drops: true }) };
}

type Setting = { width: number; isProse: boolean; opening: string };

/**
 * Whether a sentence goes on in the next line: the line before is long, or as full as the column of
 * this paragraph.
 */
function goesOn(before: string, next: string, { width, isProse, opening }: Setting): boolean {
  const isSmall = /^\p{Ll}/u.test(next);
  const length = before.replace(/\]\([^()\s]{0,300}\)/g, '').length; // where a link leads takes no room on the page
  if (isSmall ? length >= 40 : length >= 60 && length <= 100) return true;
  if (!isFull(before, next, width)) return false;
  if (isProse) return true;
  // "Osmosis: the movement of" has not ended, even where no other line tells that this is prose.
  return isSmall && beginsPair.test(opening) && (functionWords.has(lastWord(before)) || functionWords.has(firstWord(next)));
}

const widthOf = (paragraph: readonly string[]): number => Math.max(...paragraph.map((line) => line.trim().length));

/** Whether the next line's first word had no room in this one. */
function isFull(line: string, next: string, width: number): boolean {
  if (isUnspaced(line.at(-1) ?? '') && isUnspaced(next[0] ?? '')) return line.trim().length >= width - 2 && width >= 10;
  return line.trim().length + 1 + firstWord(next).length > width;
}

/**
 * Whether a paragraph is prose in a narrow column: it has whole sentences, and most of its lines
 * end in the middle of one because the next word had no room. Lists, verse and talk do not have
 * that.
 */
function isNarrowProse(paragraph: readonly string[], width: number): boolean {
  if (width < 15 && !isUnspaced(paragraph[0]?.trim().at(-1) ?? '')) return false;
  if (width < 10 || !paragraph.some((line) => endsSentence(line.trim()) || /[.!?。！？]\s\p{Lu}/u.test(line))) return false;
  let soft = 0; // ends that only the column explains
  let hard = 0; // ends that it does not
  for (const [place, line] of paragraph.entries()) {
    const next = paragraph[place + 1]?.trim();
    const bare = line.trim();
    if (next === undefined || !isOpen(bare) || beginsAnew(next)) continue;
    const isMiddle =
      /^\p{Ll}/u.test(next) || functionWords.has(lastWord(bare)) || (isUnspaced(bare.at(-1) ?? '') && isUnspaced(next[0] ?? ''));
    if (isMiddle && isFull(bare, next, width)) soft++;
    else hard++;
  }
  return soft > 0 && soft >= hard;
}
