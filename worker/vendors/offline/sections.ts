/**
 * Sections out of a text: its own paragraphs, under its own headings or under words of their own.
 * Pure.
 */
import type { LessonSection } from '../../../src/kinds/lesson.ts';
import type { Analysis } from './analyse.ts';
import { announces } from './labels.ts';
import type { Line } from './lines.ts';
import { isNoise } from './pairs.ts';
import { graphemes, isUnspaced, sentences, words } from './text.ts';
import { toKey } from '../../text-key.ts';

/**
 * A section; `named` if its heading is a heading or a term of the text, and not only the beginning
 * of a sentence.
 */
export type OwnSection = LessonSection & { named: boolean };

/** A paragraph without what nobody learns. */
type Paragraph = { at: number; heading?: string; text: string; examples: string[] };

/** Paragraphs that stand together. `headings`: those above them. */
type Group = { at: number; headings: string[]; paragraphs: Paragraph[]; length: number };

/**
 * In characters: when a paragraph is split, how long a part of it is about, and the bound of a
 * body.
 */
const LONG = 1500;
const PART = 700;
const BODY_MAX = 8000;

const EXAMPLES_MAX = 20;
const EXAMPLE_MAX = 1000;
const HEADING_MAX = 120;

/**
 * The beginning of a sentence that stands for a heading, in words, or in characters where words are
 * not parted by spaces.
 */
const HEADING_WORDS = 7;
const HEADING_CHARACTERS = 18;

/**
 * Makes up to `count` sections in the text's order. Neighbours are put together where there are
 * more.
 */
export function sectionsOf(analysis: Analysis, count: number): OwnSection[] {
  const paragraphs = paragraphsOf(analysis);
  const made = divide(groupsOf(paragraphs), count).map((group) => toSection(group, analysis));
  return mergeSame(made);
}

const exampleLabel =
  /^(?:examples?|beispiele?|exemples?|ejemplos?|esempi[o]?|exemplos?|примеры?|örnek|例文?|예문?|مثال)\s{0,3}\d{0,2}\s{0,3}[:：]\s{0,3}(\S.*)$/iu;

/** "p. 43 ex. 2" says only where something stands. */
const pageAlone = /^(?:pp?|pages?|s|seiten?|pág(?:ina)?|pag(?:ina)?|стр)\.?\s?\d.{0,20}$/iu;

function paragraphsOf({ lines, headings, language }: Analysis): Paragraph[] {
  const headingAt = new Map(headings.map((heading) => [heading.at, heading]));
  const paragraphs: Paragraph[] = [];
  let heading: string | undefined;
  let chore = false;
  let open: Paragraph | undefined;
  for (const line of lines) {
    const found = headingAt.get(line.at);
    if (found) {
      heading = found.topic ?? found.text;
      chore = found.chore ?? false;
      open = undefined;
    }
    if (found || chore) continue;
    const example = exampleLabel.exec(line.text)?.[1];
    const text = example === undefined ? learnable(line, language) : '';
    if (example === undefined && text === '') continue;
    if (!open || line.first) {
      open = { at: line.at, text: '', examples: [], ...(heading !== undefined && { heading }) };
      paragraphs.push(open);
    }
    if (example !== undefined) open.examples.push(example.slice(0, EXAMPLE_MAX));
    else open.text = open.text === '' ? text : `${open.text}\n${text}`;
  }
  return paragraphs;
}

/** A line without links, times, rooms and matters of a course; '' if nothing is left. */
function learnable({ text, mark }: Line, language: Analysis['language']): string {
  const label = /^([^:：]{1,40})[:：]\s/u.exec(text)?.[1];
  const isAdmin = (part: string) => part.length < 100 && words(part).some((word) => language?.admin.has(word.text.toLowerCase()) ?? false);
  if (pageAlone.test(text) || (label !== undefined && announces(label) && (isAdmin(text) || isNoise(text)))) return '';
  const parts = sentences(text);
  const kept = parts.filter((part) => !isNoise(part) && !isAdmin(part));
  const joined = kept.length === parts.length ? text : kept.join(isUnspaced(text) ? '' : ' ');
  if (!/[\p{L}\p{N}]/u.test(joined)) return '';
  return mark === 'item' ? `- ${joined}` : joined;
}

/**
 * Under headings: a group for each. Without, or under one alone: a group for each paragraph, and
 * for each part of a long one.
 */
function groupsOf(all: readonly Paragraph[]): Group[] {
  const groups: Group[] = [];
  const isDivided = new Set(all.map(({ heading }) => heading)).size > 1;
  const paragraphs: readonly Paragraph[] = isDivided ? all : all.map(({ at, text, examples }) => ({ at, text, examples }));
  for (const paragraph of paragraphs) {
    const last = groups.at(-1);
    const { at, heading, text } = paragraph;
    if (heading !== undefined && last?.headings[0] === heading) {
      last.paragraphs.push(paragraph);
      last.length += text.length;
    } else {
      for (const part of heading === undefined ? split(paragraph) : [paragraph])
        groups.push({ at, headings: heading === undefined ? [] : [heading], paragraphs: [part], length: part.text.length });
    }
  }
  return groups.filter(({ length }) => length > 0);
}

function split(paragraph: Paragraph): Paragraph[] {
  if (paragraph.text.length <= LONG) return [paragraph];
  const parts: Paragraph[] = [];
  for (const line of paragraph.text.split('\n')) {
    for (const sentence of sentences(line)) {
      const last = parts.at(-1);
      if (last && last.text.length < PART) last.text += (isUnspaced(sentence) ? '' : ' ') + sentence;
      else parts.push({ ...paragraph, text: sentence, examples: [] });
    }
  }
  const [first] = parts;
  if (first) first.examples = paragraph.examples;
  return parts;
}

/** Puts neighbours together, so that there are at most `count` groups of about the same length. */
function divide(groups: readonly Group[], count: number): Group[] {
  const divided = groups.map((group) => ({ ...group }));
  if (divided.length <= count) return divided;
  const total = divided.reduce((sum, { length }) => sum + length, 0);
  const made: Group[] = [];
  let passed = 0;
  for (const group of divided) {
    const last = made.at(-1);
    const place = Math.min(Math.floor((count * (passed + group.length / 2)) / total), count - 1);
    passed += group.length;
    if (last && place < made.length) {
      last.headings = [...last.headings, ...group.headings];
      last.paragraphs = [...last.paragraphs, ...group.paragraphs];
    } else made.push(group);
  }
  return made;
}

function toSection({ at, headings, paragraphs }: Group, analysis: Analysis): OwnSection {
  const end = paragraphs.at(-1)?.at ?? at;
  const term = analysis.sayings.find((saying) => saying.type === 'definition' && saying.at >= at && saying.at <= end);
  const named = headings.length > 0 ? joinHeadings(headings) : term?.type === 'definition' ? term.term : undefined;
  const examples = paragraphs.flatMap((paragraph) => paragraph.examples).slice(0, EXAMPLES_MAX);
  return {
    heading: named ?? beginning(paragraphs[0]?.text ?? ''),
    body: bounded(paragraphs.map(({ text }) => text).filter((text) => text !== '')),
    ...(examples.length > 0 && { examples }),
    named: named !== undefined,
  };
}

function joinHeadings(headings: readonly string[]): string {
  const all = [...new Set(headings)];
  const joined = all.join(' · ');
  if (joined.length <= HEADING_MAX || all.length === 1) return joined.slice(0, HEADING_MAX);
  return `${all[0]?.slice(0, HEADING_MAX)} … ${all.at(-1)?.slice(0, HEADING_MAX)}`;
}

/** The first words of a text, without marks of lists and tables. */
function beginning(text: string): string {
  const [line = ''] = text.split('\n');
  const plain = line
    .replace(/^- /, '')
    .replaceAll(/[|\t]+/g, ' ')
    .trim();
  const first = sentences(plain).find((sentence) => /[\p{L}\p{N}]/u.test(sentence)) ?? plain;
  const bare = first.replace(/[.。:：;,、，\s]+$/u, '');
  if (isUnspaced(bare)) {
    const all = graphemes(bare);
    return all.length <= HEADING_CHARACTERS ? bare : `${all.slice(0, HEADING_CHARACTERS).join('')}…`;
  }
  const parts = bare.split(/\s+/);
  return parts.length <= HEADING_WORDS && bare.length <= HEADING_MAX
    ? bare
    : `${parts.slice(0, HEADING_WORDS).join(' ').slice(0, HEADING_MAX)}…`;
}

/** The paragraphs as far as a body takes them. */
function bounded(paragraphs: readonly string[]): string {
  const whole = paragraphs.join('\n\n');
  if (whole.length <= BODY_MAX) return whole;
  const cut = whole.slice(0, BODY_MAX);
  const end = Math.max(...['\n', '. ', '! ', '? ', '。'].map((stop) => cut.lastIndexOf(stop)));
  return cut.slice(0, end > 0 ? end + 1 : BODY_MAX).trim();
}

/** Sections with the same heading are one. */
function mergeSame(made: readonly OwnSection[]): OwnSection[] {
  const byHeading = new Map<string, OwnSection>();
  for (const section of made) {
    const same = byHeading.get(toKey(section.heading));
    if (!same) byHeading.set(toKey(section.heading), { ...section });
    else {
      same.body = bounded([same.body, section.body]);
      const examples = [...(same.examples ?? []), ...(section.examples ?? [])].slice(0, EXAMPLES_MAX);
      if (examples.length > 0) same.examples = examples;
    }
  }
  return [...byHeading.values()];
}
