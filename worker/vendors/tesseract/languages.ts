/** The languages that tesseract reads here: those whose data are among the dependencies. */

/** The names of the data, by the language's BCP 47 subtag. */
const DATA: Readonly<Record<string, string>> = { en: 'eng', de: 'deu', fr: 'fra', es: 'spa', it: 'ita', pt: 'por' };

/**
 * The names of the data for these languages (BCP 47), each once; those that are not read here are
 * left out.
 */
export function dataFor(languages: readonly string[]): string[] {
  const names = languages.flatMap((tag) => DATA[new Intl.Locale(tag).language] ?? []);
  return [...new Set(names)];
}

/** For a client: the languages by their names. */
export function languagesRead(): string {
  const names = new Intl.DisplayNames('en', { type: 'language' });
  return new Intl.ListFormat('en').format(Object.keys(DATA).map((tag) => names.of(tag) ?? tag));
}
