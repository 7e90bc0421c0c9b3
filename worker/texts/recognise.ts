/** Tells the format of a text by its marks. Pure, in linear time. */
import { isAnkiHeader } from './anki.ts';
import { hasCloze } from './cloze.ts';
import { delimitedRows } from './delimited.ts';
import { isElement, withoutQuotedCode } from './html.ts';
import { isObjectList } from './json.ts';
import { wikiConfidence } from './mediawiki.ts';
import { hasCards } from './obsidian.ts';
import { hasCues } from './subtitles.ts';

/** The formats that are read. Whatever has none of the others is prose. */
export type Format = 'anki' | 'cloze' | 'subtitles' | 'mediawiki' | 'html' | 'json' | 'obsidian' | 'delimited' | 'prose';

/** A format, and how sure it is, from 0 to 1. */
export type Recognition = { format: Format; confidence: number };

/** A format that is less sure is not taken: a text with one "<" is prose. */
const ENOUGH = 0.5;

/** How sure each format is of a text. */
const signs: Readonly<Record<Exclude<Format, 'prose'>, (text: string) => number>> = {
  anki(text) {
    const head = text.trimStart().split('\n', 12);
    const noted = text.split('\n').filter((line) => line.trim() !== '');
    return isAnkiHeader(head[0] ?? '') ? 1 : hasCloze(text) && noted.every((line) => line.includes('\t')) ? 0.97 : 0;
  },
  json: (text) => (isObjectList(text) ? 1 : 0),
  subtitles: (text) => (/^\s*WEBVTT(?:\s|$)/.test(text) || hasCues(withoutQuotedCode(text)) ? 0.96 : 0),
  cloze: (text) => (hasCloze(text) ? 0.95 : 0),
  mediawiki: (text) => wikiConfidence(withoutQuotedCode(text)) * 0.8,
  html: (text) => htmlConfidence(text),
  obsidian: (text) => (hasCards(withoutQuotedCode(text)) ? 0.6 : 0),
  delimited: (text) => (delimitedRows(text) ? 0.55 : 0),
};

/**
 * The likeliest format of a text, whose characters are those that are seen. `among`: the formats
 * that it may have.
 */
export function recognise(text: string, among: readonly Format[]): Recognition {
  let best: Recognition = { format: 'prose', confidence: 0 };
  for (const format of among) {
    if (format === 'prose' || best.confidence === 1) continue;
    const confidence = signs[format](text);
    if (confidence >= ENOUGH && confidence > best.confidence) best = { format, confidence };
  }
  return best;
}

/**
 * Tags count that a browser would know and that are closed, or need not be. Tags in quoted code are
 * told about, and no tags.
 */
function htmlConfidence(text: string): number {
  if (!text.includes('<')) return 0;
  const bare = withoutQuotedCode(text);
  if (/<!doctype html|<(?:html|body)[\s>]/i.test(bare)) return 0.9;
  const opened = new Map<string, number>();
  const closed = new Set<string>();
  for (const [, slash, name = ''] of bare.matchAll(/<(\/?)([a-z][a-z0-9]{0,12})(?:\s[^<>]*|\/)?>/gi)) {
    const tag = name.toLowerCase();
    if (!isElement(tag)) continue;
    if (slash === '/') closed.add(tag);
    else opened.set(tag, (opened.get(tag) ?? 0) + 1);
  }
  const isWritten = [...opened].some(
    ([tag, count]) => closed.has(tag) || tag === 'br' || (/^(?:p|li|td|tr|dt|dd|img|hr)$/.test(tag) && count > 1),
  );
  return isWritten ? 0.85 : 0;
}
