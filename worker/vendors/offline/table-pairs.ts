/** What the rows of a table pair up, by the names of its columns. */
import { set } from './languages/language.ts';
import { differs, isPair, type Pair } from './pairs.ts';
import { isAmount } from './register.ts';
import { toKey } from '../../text-key.ts';

/** A table: its rows as long as its header, or as its first row where it has none. */
export type Table = { header?: readonly string[]; rows: readonly TableRow[] };
export type TableRow = { at: number; cells: readonly string[] };

/**
 * What a row pairs up; `column` is the heading of the meaning's column where the term alone would
 * not ask for it.
 */
export type TablePair = Pair & { at: number; column?: string };

/** What columns are called: then the first row is a header. */
const columnNames = set(`
  term word words definition meaning translation front back question answer english german french spanish italian portuguese japanese chinese korean
  russian arabic turkish latin dutch polish name country capital city year date event symbol element formula author title type category example notes
  id no nr number pinyin kanji reading romaji pronunciation plural gender part_of_speech pos population area currency language
  deutsch englisch französisch spanisch wort bedeutung übersetzung begriff definition frage antwort jahr ereignis land hauptstadt stadt name nummer
  français anglais allemand espagnol mot traduction définition terme pays capitale année événement español inglés alemán francés palabra traducción significado
  término país año italiano inglese tedesco parola traduzione significato termine paese anno português inglês palavra tradução termo ano
  日本語 英語 単語 意味 読み 中文 英文 拼音 汉字 单词 한국어 영어 단어 뜻 русский английский слово перевод значение türkçe ingilizce kelime anlam العربية الإنجليزية الكلمة المعنى`);

/** Columns whose name adds nothing to the term: "Hund" asks for its translation by itself. */
const plainColumns = set(`
  term word words definition meaning translation front back question answer english german french spanish italian portuguese japanese chinese korean russian
  arabic turkish latin dutch polish deutsch englisch französisch spanisch wort bedeutung übersetzung begriff frage antwort français anglais allemand espagnol
  mot traduction définition terme español inglés alemán francés palabra traducción significado término italiano inglese tedesco parola traduzione
  significato termine português inglês palavra tradução termo 日本語 英語 単語 意味 中文 英文 单词 한국어 영어 단어 뜻 русский английский слово перевод значение
  türkçe ingilizce kelime anlam العربية الإنجليزية الكلمة المعنى event ereignis événement evento description`);

/** Columns that nobody learns. */
const leftOut =
  /^(?:#|id|no\.?|nr\.?|number|nummer|index|row|date|datum|time|zeit|uhrzeit|room|raum|url|link|e-?mail|phone|notes?|comment|comments|page|seite|tags?|image|audio|example|examples|example sentence|beispiel|exemple|ejemplo|esempio|exemplo|price|preis|qty|quantity|amount|menge|status|gender|plural|(?:created|updated|modified|added|reviewed|last[ _]\w+)(?:[ _]?(?:at|on|date|time))?|(?:note|card|deck|user|row)[ _]?id|guid|uuid|deck|ease(?:[ _]factor)?|interval|lapses|reps|reviews|timestamp|user|score|grade|points|例文|例句|예문|örnek|пример|مثال|student|due|deadline|done)$/i;

const named = (cell: string, names: ReadonlySet<string>): boolean =>
  names.has(cell.toLowerCase().replaceAll(' ', '_')) || names.has(cell.toLowerCase().split(/[ (]/)[0] ?? '');
const isFigure = (cell: string): boolean => /^[\d.,%\s€$£+−–-]*\d[\d.,%\s]*$/.test(cell);

/** A header names its columns, or is all words above a column of figures. */
export function hasHeader(rows: readonly TableRow[]): boolean {
  const [head, ...body] = rows.map(({ cells }) => cells);
  if (!head || body.length === 0 || head.some((cell) => isFigure(cell)) || head.some((cell) => cell.length > 40)) return false;
  const known = head.filter((cell) => named(cell, columnNames) || leftOut.test(cell)).length;
  if (
    known >= 2 ||
    (known === 1 &&
      head.length <= 2 &&
      named(head[0] ?? '', plainColumns) &&
      !body.some((cells) => named(cells[0] ?? '', columnNames)) &&
      named(head[1] ?? '', columnNames))
  )
    return true;
  return known >= 1 && head.length > 2
    ? true
    : head.some((_, place) => body.length >= 2 && body.every((cells) => isFigure(cells[place] ?? '')));
}

/** At most so many cards of one row. */
const MAX_COLUMNS = 3;

/** The pairs of a table: its key column with each column that is worth learning. */
export function pairsOf({ header, rows }: Table): TablePair[] {
  if (rows.some(({ cells }) => cells.some((cell) => isAmount(cell)))) return [];
  if (!header) return withoutTags(rows).flatMap(({ at, cells }) => pairOfRow(at, cells));
  const places = header.flatMap((name, place) => (leftOut.test(name) || isCounted(rows, place) ? [] : [place]));
  const [key, ...rest] = places;
  if (key === undefined || new Set(rows.map(({ cells }) => toKey(cells[key] ?? ''))).size < rows.length) return [];
  const isByFigure = rows.every(({ cells }) => isFigure(cells[key] ?? '')); // "1517 – place" does not say the place of what
  const asked = rest
    .filter((place) => new Set(rows.map(({ cells }) => toKey(cells[place] ?? ''))).size > 1)
    .slice(0, isByFigure ? 1 : MAX_COLUMNS);
  return rows.flatMap(({ at, cells }) =>
    asked.flatMap((place) => {
      const [term = '', meaning = '', column = ''] = [cells[key], cells[place], header[place]];
      if (term === '' || /^[-–—?]?$|^(?:n\/?a|tbd|none)$/i.test(meaning)) return [];
      const isPlain = named(column, plainColumns) && (asked.length === 1 || place === asked[0]);
      return [isPlain ? { at, term, meaning } : { at, term, meaning, column }];
    }),
  );
}

/**
 * Without the columns after the second one that are empty or arrange the rows: they say the same
 * again and again.
 */
function withoutTags(rows: readonly TableRow[]): readonly TableRow[] {
  const width = Math.max(0, ...rows.map(({ cells }) => cells.length));
  if (width <= 2) return rows;
  const isTags = (place: number): boolean => new Set(rows.map(({ cells }) => cells[place] ?? '')).size * 2 <= rows.length;
  const isLeft = Array.from({ length: width }, (_, place) => place < 2 || !isTags(place));
  return rows.map(({ at, cells }) => ({ at, cells: cells.filter((_, place) => isLeft[place]) }));
}

/** A column that only counts the rows. */
function isCounted(rows: readonly TableRow[], place: number): boolean {
  return (
    rows.length > 1 &&
    rows.every(
      ({ cells }, at) =>
        Number(cells[place]) === Number(rows[0]?.cells[place]) + at &&
        /^\d{1,4}$/.test(cells[place] ?? '') &&
        Number(rows[0]?.cells[place]) <= 1,
    )
  );
}

/**
 * Without a header only two columns of words are sure to belong together, and in a word list what
 * stands between them: how the term is read.
 */
function pairOfRow(at: number, cells: readonly string[]): TablePair[] {
  const [term = '', meaning = '', third = '', ...more] = cells;
  if (more.length > 0 || !isPair(term, meaning)) return [];
  if (third !== '') {
    if (!isPair(term, third) || !differs(term, third)) return [];
    const isExample = /[.!?。！？]$/u.test(third);
    return [{ at, term, meaning: isExample ? meaning : `${meaning} – ${third}`, translation: true }];
  }
  return [{ at, term, meaning, ...(differs(term, meaning) && { translation: true as const }) }];
}
