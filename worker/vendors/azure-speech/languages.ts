/** The locale that Azure Speech wants, for languages that are named without a region. */
import { primarySubtag } from '../../../src/kinds/acceptance.ts';

/** The usual locale of each language. */
const LOCALES = new Map(
  `ar-SA bg-BG ca-ES cs-CZ da-DK de-DE el-GR en-US es-ES et-EE fi-FI fr-FR he-IL hi-IN hr-HR hu-HU id-ID it-IT ja-JP ko-KR lt-LT lv-LV ms-MY nb-NO nl-NL pl-PL
    pt-BR ro-RO ru-RU sk-SK sl-SI sv-SE ta-IN th-TH tr-TR uk-UA vi-VN zh-CN`
    .split(/\s+/)
    .map((locale) => [primarySubtag(locale), locale]),
);

/** The locale of a language tag: with its own region, or with the usual one. */
export function toLocale(tag: string): string {
  const { language, region } = new Intl.Locale(tag);
  if (region) return `${language}-${region}`;
  const own = primarySubtag(tag);
  return LOCALES.get(own === 'no' ? 'nb' : own) ?? tag; // the usual Norwegian is Bokmål
}
