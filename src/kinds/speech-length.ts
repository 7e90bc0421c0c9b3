/** How long a text is when it is spoken. */

/** Characters that are whole syllables or words. */
const DENSE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/gu;

/** About how long it takes to speak a text, in s. */
export function secondsOf(text: string): number {
  const dense = text.match(DENSE)?.length ?? 0;
  return dense / 4.5 + (text.length - dense) / 14;
}
