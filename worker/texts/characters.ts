/**
 * Characters as they come out of PDFs, editors and keyboards, into those that a reader sees. Pure.
 */

/**
 * The characters of most texts, as a class of regular expressions: Latin and Cyrillic letters, and
 * the usual marks. They are seen as they stand.
 */
export const USUAL = '\\t\\n -~\\u00a0-\\u00ac\\u00ae-\\u00b7\\u00b9-\\u024f\\u0400-\\u0481\\u048a-\\u04ff\\u2010-\\u2023\\u2025\\u2026';

const usualText = new RegExp(`^[${USUAL}]*$`);

/**
 * Ligatures of Latin and Armenian, and the shapes of Arabic letters: PDFs have them in place of
 * letters.
 */
const presentationForms = /[\ufb00-\ufb06\ufb13-\ufb17\ufb50-\ufdcf\ufe70-\ufefc]/g;

/**
 * More marks on one letter are no writing, and ordering them would take quadratic time (Unicode's
 * stream-safe text has 30).
 */
const stackedMarks = /(\p{M}{30})\p{M}+/gu;

/**
 * Between letters they part or join the shapes of letters, as Persian and Hindi need, and the parts
 * of an emoji. Elsewhere they show nothing.
 */
const strayJoiners =
  /(?<![\p{L}\p{M}\p{Extended_Pictographic}\u{1f3fb}-\u{1f3ff}])[\u200c\u200d]|[\u200c\u200d](?![\p{L}\p{M}\p{Extended_Pictographic}])/gu;

/** Word and PDFs draw their bullets with characters of fonts that no other program has. */
const bullets = /(^[ \t]{0,40}|>)[\ue000-\uf8ff](?=\s|&nbsp;|<)/gm;

const invisible = /[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]/g;

/**
 * The text in NFC, with line feeds at the ends of lines and without what can't be seen. Tabs stay,
 * since they part columns.
 */
export function toVisible(text: string): string {
  if (usualText.test(text)) return text;
  return text
    .replace(stackedMarks, '$1')
    .normalize('NFC')
    .replace(/\r\n?|[\u0085\u2028\u2029]/g, '\n')
    .replace(presentationForms, (form) => form.normalize('NFKC'))
    .replace(/(?<=\p{L})\u00ad\n\s{0,40}(?=\p{L})/gu, '')
    .replace(bullets, '$1•')
    .replace(strayJoiners, '')
    .replace(invisible, '')
    .replace(/\p{Cc}/gu, (character) => (character === '\t' || character === '\n' ? character : ' '));
}
