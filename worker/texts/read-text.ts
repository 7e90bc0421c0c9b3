/**
 * Reads a text that somebody has pasted: its format is told first, then its own reader takes its
 * marks off. Pure, in linear time.
 */
import { decodeHTMLStrict } from 'entities';
import { rejoinLines } from '../../src/kinds/rejoin-lines.ts';
import { readAnki } from './anki.ts';
import { toVisible } from './characters.ts';
import { readClozeLines } from './cloze.ts';
import { readDelimited } from './delimited.ts';
import { readHtml } from './html.ts';
import { readObjectList } from './json.ts';
import { readMediaWiki } from './mediawiki.ts';
import { readObsidian } from './obsidian.ts';
import type { FormatReader, Passage } from './passage.ts';
import { type Format, recognise } from './recognise.ts';
import { readSubtitles } from './subtitles.ts';
import { passagesToText } from './to-text.ts';

/** How texts are marked up as a whole. */
const markups = {
  anki: readAnki,
  json: readObjectList,
  subtitles: readSubtitles,
  mediawiki: readMediaWiki,
  html: (text) => readHtml(text).flatMap((passage) => (passage.type === 'prose' ? readNotes(passage.text) : [passage])),
} satisfies Partial<Record<Format, FormatReader>>;

/** How people note down pairs, cards and tables in plain text. */
const notations = { cloze: readClozeLines, obsidian: readObsidian, delimited: readDelimited } satisfies Partial<
  Record<Format, FormatReader>
>;

/** What editors write about a note stands above it, between two rulers. */
export const frontMatter = /^---\n(?:[\w -]{1,40}:.*\n|[ \t]*- .*\n|[ \t]*\n){1,60}---\n/;

/** The passages of a text. */
export function readText(text: string): Passage[] {
  return read(toVisible(text).replace(frontMatter, ''), markups, (plain) => readNotes(decoded(plain))).map(rejoined);
}

/** An entity needs its semicolon: "AT&T" and "R&D" have none. */
const decoded = (text: string): string => (text.includes('&') ? decodeHTMLStrict(text) : text);

const readNotes = (text: string): Passage[] => read(text, notations, (prose) => [{ type: 'prose', text: prose }]);

/** Reads a text in the likeliest of some formats; by `otherwise` if it has none of them. */
function read(text: string, formats: Partial<Record<Format, FormatReader>>, otherwise: FormatReader): Passage[] {
  const { format } = recognise(text, Object.keys(formats) as Format[]);
  return (formats[format] ?? otherwise)(text);
}

const rejoined = (passage: Passage): Passage => (passage.type === 'prose' ? { type: 'prose', text: rejoinLines(passage.text) } : passage);

/**
 * A text as a model is to read it: nothing is lost but the marks of its format, and lines that were
 * only wrapped are whole.
 */
export function toPlainText(text: string): string {
  const plain = passagesToText(readText(text));
  return /[\p{L}\p{N}]/u.test(plain) ? plain : text;
}
