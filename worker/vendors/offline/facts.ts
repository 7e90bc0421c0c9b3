/** Sentences that state a fact, and the one word or figure in them that is worth asking for. */
import { figureIn } from './figures.ts';
import { ordering } from './labels.ts';
import { type Language, set } from './languages/language.ts';
import { isNoise } from './pairs.ts';
import { isAmount } from './register.ts';
import { isUnspaced, type Word, words } from './text.ts';

/** A fact: the sentence, and the answer that is hidden in it. */
export type Fact = {
  sentence: string;
  answer: string;
  /** Where the answer begins in the sentence. */
  index: number;
  /** Whether the sentence is clear only with the topic it stands under. */
  needsTopic: boolean;
};

/** Things of which there is one for every reader, so that "the heart" needs no context. */
const unique = set(
  `heart brain liver skin body sun earth moon universe stomach eye blood nucleus atmosphere ocean sea lungs kidneys skeleton milky pope internet
  herz gehirn leber haut körper sonne erde mond universum magen auge blut zellkern atmosphäre lunge skelett
  cœur cerveau foie peau corps soleil terre lune univers estomac sang atmosphère squelette
  corazón cerebro hígado piel cuerpo sol tierra luna universo estómago sangre atmósfera esqueleto
  cuore cervello fegato pelle corpo sole terra luna universo stomaco sangue atmosfera scheletro
  coração cérebro fígado pele corpo terra lua universo estômago atmosfera esqueleto`,
);

const MAX_LENGTH = 240;
const talking = /["“”„«»「」『』?!？！…\\{}<>|\t]|\s[-–—]\s.{0,80}\s[-–—]\s/u;

/**
 * Reads a sentence as a fact. `known`: words of the terms that the text has defined, in lower case.
 */
export function factIn(sentence: string, language: Language | undefined, known: ReadonlySet<string>): Fact | undefined {
  const found = words(sentence);
  if (sentence.length > MAX_LENGTH || talking.test(sentence) || !isWhole(sentence, found) || isNoise(sentence) || isAmount(sentence))
    return undefined;
  const lower = found.map(({ text }) => text.toLowerCase());
  if (language && lower.some((word) => language.persons.has(word) || language.admin.has(word))) return undefined;
  if (!language && isUnspaced(sentence)) return undefined;
  const figure = figureIn(sentence, found, language);
  const hidden = figure ?? (language && objectIn(sentence, language));
  if (!hidden || standsElsewhere(sentence, hidden)) return undefined;
  const hasStop = /[.。]$/u.test(sentence) || isUnspaced(sentence);
  if (!hasStop && (/\s\/\s/.test(sentence) || (language && !lower.some((word) => language.joints.has(word))))) return undefined;
  if (/^[^:]{1,30}:\s/.test(sentence) || (language && lower.some((word) => possessives.has(word)))) return undefined;
  const clarity = language ? clarityOf(sentence, hidden.index, language, known) : 'clear';
  if (clarity === 'unclear' || (clarity === 'with topic' && !figure)) return undefined;
  return { sentence, answer: hidden.text, index: hidden.index, needsTopic: clarity === 'with topic' };
}

/** Of somebody who is named elsewhere. */
const possessives = set(
  'his her hers their theirs son sa ses leur leurs su sus suo suoi sue seu seus seine seinen seinem seiner ihre ihren ihrem ihrer его её их',
);

/** A whole sentence: it begins as one and has an end, and is neither a fragment nor a paragraph. */
function isWhole(sentence: string, found: readonly Word[]): boolean {
  if (isUnspaced(sentence)) return sentence.length >= 8 && sentence.length <= 120 && /[。.]$|[\p{L}\p{N}]$/u.test(sentence);
  const begins = /^(?:[\p{Lu}\p{Lo}]|\p{N})/u.test(sentence);
  return (
    begins && found.length >= 4 && found.length <= 32 && /[\p{L}\p{N}%°)]\.?$/u.test(sentence) && !/\b(?:e\.g|i\.e|etc)\.?$/.test(sentence)
  );
}

/** Whether the answer can be read elsewhere in the sentence, alone or inside a longer word. */
export function standsElsewhere(sentence: string, { text, index }: Word): boolean {
  const answer = text.normalize('NFKC').toLowerCase();
  const rest = `${sentence.slice(0, index)}\n${sentence.slice(index + text.length)}`.normalize('NFKC').toLowerCase();
  return rest.includes(answer) || (answer.length > 5 && rest.includes(answer.replace(/(?:es|s|en|n)$/, '')));
}

type Clarity = 'clear' | 'with topic' | 'unclear';

/** Whether a reader who has nothing but the sentence knows what it is about. */
function clarityOf(sentence: string, until: number, language: Language, known: ReadonlySet<string>): Clarity {
  const found = words(sentence);
  const lower = found.map(({ text }) => text.toLowerCase());
  const [first = '', second = '', third = ''] = lower;
  const before = found.filter(({ index }) => index < until).length;
  const place = /^(?:in|im|am|um|en|em|nel|nell|au|à|a|the|by|since|seit|on|at|about|around|over|more|в|о|около)$/.test(first);
  if (language.starters.has(first) && !(place && /\p{N}|\p{Lu}/u.test(sentence.slice(first.length)) && !language.pronouns.has(second)))
    return 'unclear';
  if (
    ordering.has(first) ||
    (language.imperatives?.has(first) && (language.articles.has(second) || /^(?:\p{Nd}|to$|in$|for$|on$|at$|all$)/u.test(second)))
  )
    return 'unclear';
  if (lower.slice(0, Math.max(before, 4)).some((word) => language.pronouns.has(word))) return 'unclear';
  if (
    lower.some((word) => /^(?:also|too|instead|former|latter|auch|ebenfalls|aussi|également|también|anche|também|тоже|также)$/.test(word))
  )
    return 'unclear';
  if (language.code === 'de' && first === 'das' && /^\p{Ll}/u.test(found[1]?.text ?? '')) return 'unclear';
  if (!language.articles.has(first))
    return /^\p{L}{4,}ed$/u.test(first) || hasNoSubject(lower, found, language) ? 'unclear' : isElided(first) ? 'with topic' : 'clear';
  const isNamed = language.code !== 'de' && /^\p{Lu}/u.test(found[1]?.text ?? '');
  if (isNamed || unique.has(second) || known.has(second)) return 'clear';
  return isBareNoun(found, third, language) ? 'with topic' : 'clear';
}

/**
 * Italian, Spanish and Portuguese need no subject: "Contiene el 99 %", "Nel 79 distrusse Pompei".
 */
function hasNoSubject(lower: readonly string[], found: readonly Word[], { code, articles, joints }: Language): boolean {
  if (!['es', 'it', 'pt'].includes(code)) return false;
  const [first = '', second = ''] = lower;
  if (!joints.has(first))
    return (
      joints.has(second) &&
      (articles.has(second) || /^\p{Nd}/u.test(second) || /^(?:en|in|nel|nella|em|no|na|de|di|da|con|com|a|ad)$/.test(second))
    );
  const after = found[lower.findIndex((word) => /^\p{Nd}/u.test(word)) + 1]?.text ?? '';
  return !/^\p{Lu}/u.test(after) && !articles.has(after.toLowerCase()) && !/^[lL]['’]/.test(after);
}

/** "L'ultima eruzione": the article is a part of the word. */
const isElided = (word: string): boolean => /^l['’]/.test(word);

/** Whether the subject is an article and a noun alone: "the company employs", "das Gerät misst". */
function isBareNoun(found: readonly Word[], third: string, language: Language): boolean {
  const [, noun, after] = found;
  if (!noun || !after) return true;
  if (language.code === 'en') return !/^\p{Lu}/u.test(noun.text) && (language.joints.has(third) ? third !== 'of' : /(?:s|ed)$/.test(third));
  if (language.code === 'de')
    return /^\p{Lu}/u.test(noun.text) && /^\p{Ll}/u.test(after.text) && !/^(?:der|des|von|vom|im|in|aus|an|am|und)$/.test(third);
  return (
    !/^\p{Lu}/u.test(noun.text) &&
    !(
      /^(?:de|du|des|del|della|dei|delle|do|da|dos|das|di|degli)$/.test(third) &&
      (/^(?:de|di)$/.test(third) || /^\p{Lu}/u.test(found[3]?.text ?? ''))
    ) &&
    !/^\p{Lu}/u.test(after.text)
  );
}

/** Objects that answer nothing. */
const emptyObjects = set(
  `things thing people many lots part parts way ways time times work help problems something everything it them more less other others change changes results
  dinge sache sachen leute viel viele mehr teile teil weise zeit arbeit hilfe probleme etwas alles choses gens beaucoup plusieurs parties temps aide
  cosas gente mucho muchos partes tiempo cose gente molto parti tempo coisas gente muito partes tempo effort attention`,
);

/** The object of a verb that relates two things: "DNA is stored in the ____". */
function objectIn(sentence: string, language: Language): Word | undefined {
  const [, left = '', right = ''] = language.relation?.exec(sentence) ?? [];
  if (left === '' || right === '') return undefined;
  const found = words(right);
  const isJoint = (word: string) => language.joints.has(word.toLowerCase()) || language.articles.has(word.toLowerCase());
  let count = 0;
  let isList = false;
  for (; count < found.length; count++) {
    const word = found[count];
    const last = found[count - 1];
    const between = last && word ? right.slice(last.index + last.text.length, word.index) : '';
    if (/[,;:()]/.test(between) || (word && isJoint(word.text))) {
      isList = /,/.test(between) || /^(?:and|or|und|oder|et|ou|y|o|e|ed|и|или)$/i.test(word?.text ?? '');
      break;
    }
  }
  if (isList) count = found.length;
  const last = found[count - 1];
  const [first] = found;
  if (!first || !last || count > (isList ? 7 : 3)) return undefined;
  const text = right.slice(first.index, last.index + last.text.length);
  const isNamed = count > 1 || (text.length >= 3 && !emptyObjects.has(text.toLowerCase()));
  const isName =
    !/(?:named after|(?:discovered|invented|written|painted|founded|composed|built) by) (?:the )?$/.test(left) || /^\p{Lu}/u.test(text);
  const isNoun = language.code !== 'de' || /^\p{Lu}/u.test(last.text);
  const isTelling = !found
    .slice(0, count)
    .some((word) => language.pronouns.has(word.text.toLowerCase()) || emptyObjects.has(word.text.toLowerCase()));
  return isNamed && isName && isNoun && isTelling && !/\p{Nd}|[,;:]\s?(?:which|who|die|der|das|qui|que|che)\b/u.test(text)
    ? { text, index: left.length + first.index }
    : undefined;
}
