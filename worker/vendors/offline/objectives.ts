/**
 * Objectives in the language of the text: that the learner knows what it says, and no more than
 * that is promised.
 */

/** By language: the objective for a heading. */
const objectives: Readonly<Record<string, (heading: string) => string>> = {
  en: (heading) => `Know what the text says about “${heading}”`,
  de: (heading) => `Wissen, was der Text zu „${heading}“ sagt`,
  fr: (heading) => `Savoir ce que le texte dit de « ${heading} »`,
  es: (heading) => `Saber qué dice el texto sobre «${heading}»`,
  it: (heading) => `Sapere che cosa dice il testo su «${heading}»`,
  pt: (heading) => `Saber o que o texto diz sobre «${heading}»`,
  ru: (heading) => `Знать, что говорится в тексте: «${heading}»`,
  tr: (heading) => `Metnin “${heading}” hakkında ne dediğini bilmek`,
  ar: (heading) => `معرفة ما يقوله النص عن «${heading}»`,
  ja: (heading) => `「${heading}」について本文の内容を知る`,
  zh: (heading) => `了解课文中关于“${heading}”的内容`,
  ko: (heading) => `글에서 ‘${heading}’에 대해 말하는 내용을 안다`,
};

/** The objective for a heading; in a language that we do not know, it is the heading alone. */
export function objectiveFor(heading: string, language: string | undefined): string {
  return (language === undefined ? undefined : objectives[language])?.(heading) ?? heading;
}
