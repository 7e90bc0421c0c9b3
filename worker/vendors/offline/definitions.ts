/**
 * Sentences that say what something is: the term, its meaning, and how its language asks for it.
 */
import { type Language, inQuestion, set } from './languages/language.ts';
import { describing } from './languages/ja.ts';
import { isUnspaced, type Word, words } from './text.ts';

/** What a sentence defines. */
export type Definition = {
  term: string;
  meaning: string;
  /** Asks for the meaning, in the language of the sentence. */
  question: string;
};

/** Words that begin a clause: with one of them inside, it is no term. */
const clauses = set(
  'that which who whom because if while but when where is are was were dass daß weil wenn aber que qui quand mais parce porque cuando pero perché quando ma cui che mas что который если но ki the',
);

/** A term with more words is rather a sentence. */
const MAX_TERM_WORDS = 6;

/**
 * Reads a sentence as a definition; undefined if it is none, or none that is clear without its
 * context.
 * `common`: words that the text writes in lower case.
 */
export function definitionIn(sentence: string, language: Language, common: ReadonlySet<string>): Definition | undefined {
  const bare = sentence.replace(/[.。]$/u, '').trim();
  if (bare.length > 400 || /[?!？！;…“”„«»"]/u.test(bare)) return undefined;
  const all = words(bare).map(({ text }) => text.toLowerCase());
  if (all.some((word) => language.persons.has(word) || language.admin.has(word))) return undefined;
  for (const { pattern, ask, askWho, past } of language.definitions) {
    const { term: named = '', verb = '', meaning = '' } = pattern.exec(bare)?.groups ?? {};
    const term = withoutApposition(named, language);
    if (!term || !isTerm(term, language) || !isMeaning(meaning, term, language) || (past && !isName(term, language))) continue;
    const question = askWho && isPerson(meaning, language) ? askWho : ask;
    return { term, meaning, question: question(inQuestion(term, language, common), verb.toLowerCase()) };
  }
  return undefined;
}

/** "Photosynthesis, also called …," names photosynthesis. */
function withoutApposition(term: string, { code }: Language): string | undefined {
  if (!/[,،、]/.test(term)) return term.trim();
  const [, name] =
    /^([^,]{2,50}), (?:also|or|often|sometimes|known|called|short for|auch|oder|kurz|aussi|ou|también|o|conocid[oa]|anche|detto|detta|também)\s[^,]{1,60}$/iu.exec(
      term,
    ) ?? [];
  return code === 'en' || name ? name : undefined;
}

function isTerm(term: string, language: Language): boolean {
  if (/[:;_¿?¡!=<>/\\]|\s[-–—]\s/.test(term) || /\d{1,2}[:.]\d{2}/.test(term)) return false;
  const found = words(term.replace(/\s?\([^()]{1,60}\)/g, '')).map(({ text }) => text.toLowerCase());
  const [first = '', ...rest] = found;
  if (found.length === 0 || found.length > (isUnspaced(term) ? 12 : MAX_TERM_WORDS)) return false;
  if (language.articles.has(first) ? rest.length === 0 : language.starters.has(first)) return false;
  if (/^\p{N}/u.test(first) && rest.length === 0) return false;
  if (rest.some((word) => (clauses.has(word) && !(word === 'the' && found.length > 2)) || language.pronouns.has(word))) return false;
  return !found.slice(0, 4).some((word) => language.vague.has(word));
}

function isMeaning(meaning: string, term: string, language: Language): boolean {
  if (
    /^\p{Nd}/u.test(meaning) ||
    (/\p{Script=Hangul}/u.test(meaning) || isUnspaced(meaning)
      ? /\p{Nd}/u.test(meaning) && meaning.length < 20
      : /[.。]\s\p{Lu}/u.test(meaning))
  )
    return false;
  if (/,\s(?:sagte|so|said|says|according|dit|selon|dijo|según|disse|segundo|secondo)\b/u.test(meaning)) return false;
  if (language.empty?.test(meaning) || meaning.toLowerCase().includes(term.toLowerCase())) return false;
  const found = words(meaning).map(({ text }) => text.toLowerCase());
  const telling = found.filter((word) => !language.joints.has(word) && !language.articles.has(word) && !language.starters.has(word));
  if (telling.length === 0 || (found.length === 2 && /^(?:the|der|die|das|le|la|les|el|los|las|il|lo|i|gli|os|as)$/.test(found[0] ?? '')))
    return false;
  if (
    language.code === 'ja' &&
    (describing.has(meaning) ||
      [...describing].some((word) => meaning.endsWith(word) && meaning.length < 8) ||
      /^[\u3040-\u309f]+$/.test(meaning))
  )
    return false;
  if (language.code === 'zh' && !/^(?:一|指|用|由)|的|第/u.test(meaning) && meaning.length > 8) return false;
  return !found.some((word) => language.pronouns.has(word));
}

/**
 * Something with a name of its own: it has a capital besides its first, or no article and a
 * capital.
 */
function isName(term: string, { articles, code }: Language): boolean {
  const found = words(term);
  const named = found.filter(({ text }) => !articles.has(text.toLowerCase()));
  const hasArticle = named.length < found.length;
  const capitals = named.filter(({ text }) => /^\p{Lu}/u.test(text)).length;
  if (code === 'de') return hasArticle ? capitals >= 1 && named.length >= 2 : capitals >= 1;
  return capitals >= (hasArticle ? 1 : Math.min(named.length, 1)) && (hasArticle || named.length >= 2 || capitals === 1);
}

/** Whether the meaning's first noun is a word for people. */
function isPerson(meaning: string, language: Language): boolean {
  if (language.personEnding) return language.personEnding.test(meaning);
  const head: Word[] = [];
  for (const word of words(meaning.split(/[,(]/)[0] ?? '')) {
    const lower = word.text.toLowerCase();
    if (language.joints.has(lower) && !language.articles.has(lower) && !/^(?:and|und|et|y|e|ed|и|و|ve)$/.test(lower)) break;
    head.push(word);
  }
  return head.some(({ text }) => isPersonWord(text.toLowerCase(), language));
}

/** German joins words: a Reichspräsident is a Präsident. */
function isPersonWord(word: string, { code, people }: Language): boolean {
  if (people.has(word)) return true;
  return code === 'de' && word.length > 8 && [...people].some((ending) => ending.length >= 5 && word.endsWith(ending));
}
