/** The voices of espeak-ng: each is a language, and an accent where there are several. */
import { primarySubtag } from '../../../src/kinds/acceptance.ts';

/**
 * Languages that espeak-ng names in another way, and the usual accent of those that have several.
 */
const NAMES: Readonly<Record<string, string>> = {
  en: 'en-us',
  fr: 'fr-fr',
  no: 'nb',
  nn: 'nb',
  zh: 'cmn',
  'zh-hk': 'yue',
  pt: 'pt',
  'es-mx': 'es-419',
  'es-us': 'es-419',
};

/**
 * Reads the list that `espeak-ng --voices` writes: a table with the language in its second column.
 */
export function readEspeakVoices(table: string): string[] {
  const rows = table.split('\n').slice(1);
  return [...new Set(rows.flatMap((row) => row.trim().split(/\s+/)[1] ?? []))].toSorted();
}

/** The languages of the voices, as clients name them. */
export function espeakLanguages(voices: readonly string[]): string[] {
  const named = Object.entries(NAMES).flatMap(([name, voice]) => (voices.includes(voice) ? [primarySubtag(name)] : []));
  return [...new Set([...voices.map(primarySubtag), ...named])].toSorted();
}

/** The voice of a language; undefined if there is none. */
export function chooseEspeakVoice(tag: string, voices: readonly string[]): string | undefined {
  const [wanted, language] = [tag.toLowerCase(), primarySubtag(tag)];
  const candidates = [NAMES[wanted], wanted, NAMES[language], language].filter((voice) => voice !== undefined);
  return candidates.find((voice) => voices.includes(voice)) ?? voices.find((voice) => primarySubtag(voice) === language);
}
