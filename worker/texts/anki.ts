/** Reads exports of Anki: notes as lines of fields, after lines that say what the columns are. */
import { hasCloze, readCloze } from './cloze.ts';
import { parseRows } from './delimited.ts';
import { readHtml } from './html.ts';
import type { Passage } from './passage.ts';
import { passagesToText } from './to-text.ts';

const header = /^#(separator|html|columns|notetype|deck|tags|if matches|(?:tags|guid|notetype|deck) column):(.*)$/i;

const separators: Readonly<Record<string, string>> = { tab: '\t', comma: ',', semicolon: ';', pipe: '|', colon: ':', space: ' ' };

/** Columns that say nothing of what is to be learned, by their names. */
const managing = /^(?:tags?|guid|deck|note ?type|note id)$/i;

export const isAnkiHeader = (line: string): boolean => header.test(line);

/**
 * Reads an export. A note with gaps gives their cards; of others the first field asks and the
 * second one answers.
 */
export function readAnki(text: string): Passage[] {
  const lines = text.split('\n');
  const start = Math.max(
    0,
    lines.findIndex((line) => line.trim() !== '' && !isAnkiHeader(line)),
  );
  const told = new Map(
    lines.slice(0, start).flatMap((line) => {
      const [, name = '', value = ''] = header.exec(line) ?? [];
      return name === '' ? [] : [[name.toLowerCase(), value.trim()] as const];
    }),
  );
  const body = lines.slice(start).join('\n');
  const separator = separatorOf(told.get('separator'), body);
  const columns = (told.get('columns') ?? '').split(separator).map((name) => name.trim());
  const isManaging = (place: number): boolean =>
    ['tags', 'guid', 'notetype', 'deck'].some((name) => Number(told.get(`${name} column`)) === place + 1) ||
    managing.test(columns[place] ?? '');
  const isHtml = told.get('html')?.toLowerCase() !== 'false';
  const rows = parseRows(body, separator) ?? body.split('\n').map((line) => line.split(separator));
  return rows.flatMap((cells) => toNote(cells.filter((_, place) => !isManaging(place)).map(isHtml ? fieldText : plainField)));
}

function separatorOf(told: string | undefined, body: string): string {
  if (told) return separators[told.toLowerCase()] ?? (told.startsWith('\\t') ? '\t' : told);
  return ['\t', ';', ','].find((mark) => body.includes(mark)) ?? '\t';
}

/** Where no line says which column has the tags: words of one to three, without a sentence. */
const isTags = (field: string): boolean => /^[\p{L}\p{N}_:-]*(?: [\p{L}\p{N}_:-]+){0,2}$/u.test(field);

/** A field without the names of sound files. */
const plainField = (field: string): string => field.replace(/\[(?:sound|anki:[a-z]+):[^\]]{0,200}\]/g, '').trim();

/** The same without HTML. */
function fieldText(field: string): string {
  const bare = plainField(field);
  return /[<&]/.test(bare)
    ? passagesToText(readHtml(bare))
        .replace(/\n{2,}/g, '\n')
        .trim()
    : bare;
}

function toNote(fields: readonly string[]): Passage[] {
  const cloze = fields.find(hasCloze);
  const read = cloze === undefined ? undefined : readCloze(cloze);
  if (read) return [{ ...read, text: [read.text, ...fields.filter((field) => field !== cloze && !isTags(field))].join('\t') }];
  const [front = '', back = '', ...more] = fields.filter((field) => field !== '');
  if (front === '') return [];
  if (back === '') return [{ type: 'prose', text: front }];
  return [{ type: 'cards', text: [front, back, ...more].join('\t'), cards: [{ front, back }] }];
}
