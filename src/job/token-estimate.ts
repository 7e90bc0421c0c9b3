/** Estimates how many tokens a text has, for calls whose provider did not report it. */

/**
 * Characters a token by script, as measured with OpenAI's o200k_base on the same sentences
 * in 16 languages: Latin 3.3 to 5.0; Han, kana and Hangul 1.1 to 1.5; Greek, Cyrillic,
 * Arabic, Hebrew, Devanagari, Thai and Tamil 2.3 to 3.9; emoji 1.1. Older encodings
 * (cl100k_base) need up to three times as many tokens for the scripts of the middle group.
 */
const LATIN = /[\p{Script=Latin}\p{ASCII}]+/gu;
const CJK = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Extended_Pictographic}]+/gu;

/** Texts of ASCII alone need no second look: most pieces that a model writes. */
const PLAIN = /^[\0-\x7F]*$/;

/**
 * The tokens of a text. They are not rounded, so that the tokens
 * of pieces can be added. A character is a UTF-16 code unit.
 */
export function estimateTokens(text: string): number {
  if (PLAIN.test(text)) return text.length / 4;
  const notLatin = text.replaceAll(LATIN, '');
  const others = notLatin.replaceAll(CJK, '');
  return (text.length - notLatin.length) / 4 + (notLatin.length - others.length) + others.length / 2;
}
