/**
 * Reads subtitles (WebVTT, SubRip, SBV) and transcripts with times: what is said, in whole
 * sentences, each once.
 */
import { decodeHTML } from 'entities';
import type { Passage } from './passage.ts';

const time = /^\s*(?:\d{1,3}:)?\d{1,2}:\d{2}[.,]\d{1,3}\s*(?:-->|,)\s*(?:\d{1,3}:)?\d{1,2}:\d{2}[.,]\d{1,3}(?:\s.*)?$/;

/**
 * Transcripts that are copied from a player have only the beginnings, each on a line of its own.
 */
const beginning = /^\s*[[(]?(?:\d{1,2}:)?\d{1,2}:\d{2}[\])]?\s*$/;

/** The same with what is said behind it. */
const withBeginning = /^\s*([[(]?(?:\d{1,2}:)?\d{1,2}:\d{2}[\])]?)\s+(?!\S{1,30}(?:\s\S{1,30})?:\s)([^\s–—-].*)$/;

/** A line of SubStation Alpha: nine fields before the text. */
const dialogue = /^Dialogue:(?:[^,\n]*,){9}(.*)$/;

/**
 * Lines of cues, each beginning on a line of its own. Programs for them have comments and styles,
 * too, which are no cues.
 */
function cueLines(text: string): string[] {
  const lines = text.split('\n');
  if (lines.some((line) => dialogue.test(line))) {
    return lines.flatMap((line) => {
      const said = dialogue.exec(line)?.[1];
      return said === undefined ? [] : ['0:00', said, ''];
    });
  }
  return lines.flatMap((line) => {
    const [, start, said] = withBeginning.exec(line) ?? [];
    return start === undefined || said === undefined ? [line] : [start, said];
  });
}

const isStart = (line: string): boolean => time.test(line) || beginning.test(line);

/**
 * Whether a text has subtitles, or a time for every few lines from 0:00 on; other times are a
 * schedule.
 */
export function hasCues(text: string): boolean {
  if (!/\d:\d\d|^Dialogue:/m.test(text)) return false;
  const lines = cueLines(text).filter((line) => line.trim() !== '');
  if (lines.filter((line) => time.test(line)).length * 12 > lines.length) return true;
  const starts = lines.filter((line) => beginning.test(line));
  return starts.length > Math.max(1, lines.length / 4) && /^\W*0{1,2}(?::0{1,2})?:\d{2}\W*$/.test(starts[0] ?? '');
}

/** A sentence that is never ended goes on for so many characters. */
const MAX_SENTENCE = 1200;

/** Reads the cues. Their names, styles and notes are no words. */
export function readSubtitles(text: string): Passage[] {
  const cues = cuesOf(cueLines(text));
  return [{ type: 'speech', sentences: sentencesOf(withoutRepeats(cues)) }];
}

/**
 * The lines of each cue. A cue ends at an empty line, or where the next one begins: people lose the
 * empty lines.
 */
function cuesOf(lines: readonly string[]): string[][] {
  const starts = lines.flatMap((line, at) => (isStart(line) ? [at] : []));
  return starts.map((start, n) => {
    const next = starts[n + 1] ?? lines.length;
    const inside = lines.slice(start + 1, next);
    const end = inside.findIndex((line, at) => line.trim() === '' && !isGoingOn(inside, at, next < lines.length));
    const own = end < 0 ? inside : inside.slice(0, end);
    const isNumbered = end < 0 && next < lines.length && /^\s*\d{1,6}\s*$/.test(own.at(-1) ?? '');
    return (isNumbered ? own.slice(0, -1) : own).map(cueText).filter((line) => line !== '');
  });
}

/**
 * After an empty line may stand the name of the next cue, a note or a style; more than that is text
 * of this cue.
 */
function isGoingOn(inside: readonly string[], at: number, isFollowed: boolean): boolean {
  const rest = inside.slice(at + 1, at + 12).filter((line) => line.trim() !== '');
  const [first = ''] = rest;
  if (/^(?:NOTE|STYLE|REGION)\b/.test(first) || first === '') return false;
  return rest.length > (isFollowed ? 1 : 0);
}

/**
 * The words of a line: without voices, colours and times of words, without sounds and who speaks.
 */
function cueText(line: string): string {
  const bare = decodeHTML(line.replace(/<[^<>]{0,200}>|\{\\[^{}]{0,40}\}/g, ''))
    .replace(/[♪♫]|(?:^|\s)>{2,3}(?=\s)|\\[Nnh]/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return /^[[(（【][^\])）】]{0,60}[\])）】]$/.test(bare) ? '' : bare;
}

/**
 * Rolling cues show the lines before once more, and growing ones the words. What was shown is not
 * said again.
 */
function withoutRepeats(cues: readonly (readonly string[])[]): string[] {
  const made: string[] = [];
  let before: readonly string[] = [];
  for (const cue of cues) {
    let shared = Math.min(before.length, cue.length);
    while (shared > 0 && !cue.slice(0, shared).every((line, at) => line === before[before.length - shared + at])) shared--;
    for (const line of cue.slice(shared)) {
      const last = made.at(-1);
      if (last !== undefined && line.startsWith(`${last} `)) made.pop();
      made.push(line);
    }
    if (cue.length > 0) before = cue;
  }
  return made;
}

/**
 * The pieces that are shown one after the other, as sentences. A dash begins what another person
 * says.
 */
function sentencesOf(pieces: readonly string[]): string[] {
  const made: string[][] = [];
  let length = 0;
  for (const piece of pieces) {
    const last = made.at(-1);
    const isAnswer = /^[-–—]\s?\S/.test(piece);
    const said = piece.replace(/^[-–—]\s?/, '');
    if (last && !isAnswer && !/[.!?…。！？]["”’»)]?$/u.test(last.at(-1) ?? '') && length + said.length < MAX_SENTENCE) {
      last.push(said);
      length += said.length + 1;
    } else {
      made.push([said]);
      length = said.length;
    }
  }
  return made.map((sentence) => sentence.join(' '));
}
