/**
 * The voices of Amazon Polly by language, as its guide lists them, and which one speaks if nobody
 * asks for one.
 */
import { ProblemError } from '../../../src/job/problem.ts';
import { primarySubtag } from '../../../src/kinds/acceptance.ts';

/** How Polly makes a voice. */
export const POLLY_ENGINES = ['neural', 'standard', 'generative', 'long-form'] as const;
export type PollyEngine = (typeof POLLY_ENGINES)[number];

/** A voice. `language`: as Polly names it. */
export type PollyVoice = { id: string; language: string; engines: readonly PollyEngine[] };

const ENGINE_OF: Readonly<Record<string, PollyEngine>> = { n: 'neural', s: 'standard', g: 'generative', l: 'long-form' };

/**
 * Each voice with the first letters of its engines. The first one of a language that has the wanted
 * engine is its default.
 */
const TABLE: Readonly<Record<string, string>> = {
  'en-US':
    'Joanna:nsg Danielle:nlg Matthew:ng Ruth:nlg Stephen:ng Salli:nsg Kendra:ns Kimberly:ns Ivy:ns Joey:ns Kevin:ns Justin:n Gregory:nl',
  'en-GB': 'Amy:nsg Emma:ns Brian:nsg Arthur:n',
  'en-AU': 'Olivia:ng Nicole:s Russell:s',
  'en-IN': 'Kajal:ng Aditi:s Raveena:s',
  'en-IE': 'Niamh:ng',
  'en-NZ': 'Aria:ng',
  'en-SG': 'Jasmine:ng',
  'en-ZA': 'Ayanda:ng',
  'en-GB-WLS': 'Geraint:s',
  'de-DE': 'Vicki:nsg Daniel:ng Marlene:s Hans:s',
  'de-AT': 'Hannah:ng',
  'de-CH': 'Sabrina:ng',
  'fr-FR': 'Lea:nsg Remi:ng Celine:s Mathieu:s',
  'fr-CA': 'Gabrielle:ng Liam:ng Chantal:s',
  'fr-BE': 'Isabelle:ng',
  'es-ES': 'Lucia:nsg Sergio:ng Conchita:s Enrique:s',
  'es-MX': 'Mia:nsg Andres:ng',
  'es-US': 'Lupe:nsg Pedro:ng Miguel:s Penelope:s',
  'it-IT': 'Bianca:nsg Adriano:n Carla:s Giorgio:s',
  'pt-BR': 'Camila:nsg Thiago:n Vitoria:ns Ricardo:s',
  'pt-PT': 'Ines:ns Cristiano:s',
  'nl-NL': 'Laura:ng Lotte:s Ruben:s',
  'nl-BE': 'Lisa:ng',
  'da-DK': 'Sofie:n Naja:s Mads:s',
  'sv-SE': 'Elin:n Astrid:s',
  'nb-NO': 'Ida:n Liv:s',
  'fi-FI': 'Suvi:n',
  'is-IS': 'Dora:s Karl:s',
  'pl-PL': 'Ola:ng Ewa:s Maja:s Jacek:s Jan:s',
  'cs-CZ': 'Jitka:n',
  'ro-RO': 'Carmen:s',
  'ru-RU': 'Tatyana:s Maxim:s',
  'tr-TR': 'Burcu:n Filiz:s',
  'ca-ES': 'Arlet:n',
  'cy-GB': 'Gwyneth:s',
  'ar-AE': 'Hala:n Zayd:n',
  arb: 'Zeina:s',
  'hi-IN': 'Kajal:ng Aditi:s',
  'ja-JP': 'Kazuha:n Takumi:ns Tomoko:n Mizuki:s',
  'ko-KR': 'Seoyeon:nsg Jihye:n',
  'cmn-CN': 'Zhiyu:ns',
  'yue-CN': 'Hiujin:n',
};

/** All voices, the default ones of a language first. */
export const pollyVoices: readonly PollyVoice[] = Object.entries(TABLE).flatMap(([language, voices]) =>
  voices.split(' ').map((entry) => {
    const [id = '', letters = ''] = entry.split(':');
    return { id, language, engines: letters.split('').flatMap((letter) => ENGINE_OF[letter] ?? []) };
  }),
);

/** Languages that Polly names in its own way. */
const NAMES: Readonly<Record<string, string>> = { zh: 'cmn', 'zh-HK': 'yue', no: 'nb', nn: 'nb', ar: 'ar' };

/** The languages that have a voice, as clients name them. */
export const pollyLanguages: readonly string[] = [
  ...new Set([...pollyVoices.map(({ language }) => primarySubtag(language)), ...Object.keys(NAMES).map(primarySubtag)]),
];

/**
 * Who speaks, and how. `language`: as Polly names it; absent if the voice speaks another one than
 * the text's.
 */
type Choice = { id: string; engine: PollyEngine; language?: string };

/**
 * Chooses who speaks: the voice that is asked for, or the language's own. A voice that does not
 * have the wanted engine speaks with its own.
 * @throws ProblemError `invalid_input` if there is no such voice, or none for the language
 */
export function choosePollyVoice(tag: string, id: string | undefined, wanted: PollyEngine): Choice {
  const named = NAMES[tag] ?? tag.replace(/^[a-z]+/i, (name) => NAMES[name.toLowerCase()] ?? name);
  const ofLanguage = [
    ...pollyVoices.filter(({ language }) => language.toLowerCase() === named.toLowerCase()),
    ...pollyVoices.filter(({ language }) => primarySubtag(language) === primarySubtag(named)),
  ];
  const candidates = id === undefined ? ofLanguage : [...ofLanguage, ...pollyVoices].filter((voice) => voice.id === id);
  const voice = candidates.find(({ engines }) => engines.includes(wanted)) ?? candidates[0];
  if (!voice)
    throw new ProblemError('invalid_input', `Amazon Polly has no voice ${id === undefined ? `for the language ${tag}` : `named ${id}`}.`);
  const engine = voice.engines.includes(wanted) ? wanted : voice.engines[0];
  return { id: voice.id, engine: engine ?? 'standard', ...(ofLanguage.includes(voice) && { language: voice.language }) };
}
