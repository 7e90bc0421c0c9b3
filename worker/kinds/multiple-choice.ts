/**
 * Corrects multiple choice of models: answers that name their choice by a letter, a number or other
 * words, and choices that are none.
 */
import { textOf } from '../parse-item.ts';

/**
 * The exercise with the text of a choice as its answer, where it is clear which one is meant. Else
 * the value as it is.
 */
export function repairChoices(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('choices' in value)) return value;
  const labels = labelsOf(value.choices);
  const choices = listOf(value.choices);
  if (!choices) return value;
  const answer = 'answer' in value ? (textOf(value.answer) ?? textIn(value.answer))?.trim() : undefined;
  const meant = answer === undefined ? undefined : choose(choices, answer, labels);
  return { ...value, choices, ...(answer !== undefined && { answer: meant ?? answer }) };
}

/** The texts of choices; undefined if they are no list. What is absent or empty is left out. */
function listOf(choices: unknown): string[] | undefined {
  if (typeof choices !== 'object' || choices === null) return undefined;
  return Object.values(choices).flatMap((choice) => {
    const text = textOf(choice) ?? textIn(choice);
    return text === undefined || text.trim() === '' ? [] : [text.trim()];
  });
}

/** The text of a choice that is an object, such as `{"label":"A","text":"Lima"}`. */
function textIn(choice: unknown): string | undefined {
  if (typeof choice !== 'object' || choice === null) return undefined;
  const { text, value, choice: own, option, answer } = choice as Record<string, unknown>;
  return textOf(text ?? value ?? own ?? option ?? answer);
}

/** The names of choices, where they have names: `{"A":"Lima"}`, `{"label":"A","text":"Lima"}`. */
function labelsOf(choices: unknown): string[] {
  if (typeof choices !== 'object' || choices === null) return [];
  if (!Array.isArray(choices)) return Object.keys(choices);
  return choices.flatMap((choice: unknown) => {
    const { label, id, key, letter } = (typeof choice === 'object' && choice !== null ? choice : {}) as Record<string, unknown>;
    return textOf(label ?? id ?? key ?? letter) ?? [];
  });
}

/** A text before the comparison: each step makes it coarser. */
const COARSER: readonly ((text: string) => string)[] = [
  (text) => text.normalize('NFC').trim(),
  (text) => text.normalize('NFKC').replaceAll(/\s+/g, ' ').trim(),
  (text) => text.toLowerCase(),
  (text) => text.replaceAll(/\s+/g, ''),
  (text) => text.replace(/[.。．!！]+$/u, ''),
  (text) => text.replace(/^[([{"'“„«‘]+/u, '').replace(/[)\]}"'”“»’]+$/u, ''),
];

/** A letter or a number before a choice: `A) Lima`, `2. Lima`, `(b) Lima`. */
const LABEL = /^\(?(\p{L}|\d{1,2})[).:\]]\s*(?=\S)/u;

/**
 * The choice that an answer means; undefined if none fits, or several do. The text counts first,
 * then a letter, then a number.
 */
function choose(choices: readonly string[], answer: string, labels: readonly string[]): string | undefined {
  const unlabelled = choices.map((choice) => choice.replace(LABEL, ''));
  return (
    sameText(choices, choices, answer) ??
    sameText(unlabelled, choices, answer) ??
    sameText(unlabelled, choices, answer.replace(LABEL, '')) ??
    byLabel(choices, answer, labels)
  );
}

/** The choice whose text is the answer, in the finest comparison in which exactly one is. */
function sameText(texts: readonly string[], choices: readonly string[], answer: string): string | undefined {
  let [made, wanted] = [texts, answer];
  for (const coarser of COARSER) {
    made = made.map(coarser);
    wanted = coarser(wanted);
    const fitting = new Set(choices.filter((_, place) => made[place] === wanted));
    if (wanted !== '' && fitting.size === 1) return [...fitting][0];
    if (fitting.size > 1) return undefined;
  }
  return undefined;
}

const ALPHABETS = ['abcdefghij', 'абвгдежзик', 'αβγδεζηθικ', 'أبجدهوزحطي'];

/** Words around a letter or a number: `Option B`, `(c)`, `Answer: 2.` */
const NAMED =
  /^(?:(?:option|choice|answer|letter|number|no|nr|antwort|lösung|opción|respuesta|opção|resposta|choix|réponse|opzione|risposta|вариант|ответ)[\s.:#]+)?[([]?(\p{L}|\d{1,2})[)\].:]*$/iu;

function byLabel(choices: readonly string[], answer: string, labels: readonly string[]): string | undefined {
  const text = answer.normalize('NFKC').trim();
  const name = (/^\p{L}$/u.exec(text)?.[0] ?? NAMED.exec(text)?.[1])?.toLowerCase();
  if (name === undefined) return undefined;
  const own = labels.length === choices.length ? labels : choices.map((choice) => LABEL.exec(choice)?.[1] ?? '');
  if (own.every((label) => label !== '')) {
    const place = own.findIndex((label) => label.trim().toLowerCase() === name);
    if (place !== -1) return choices[place];
  }
  if (!/^\d/.test(name)) return ALPHABETS.map((letters) => choices[letters.indexOf(name)]).find((choice) => choice !== undefined);
  return name === '0' ? choices[0] : choices[Number(name) - 1];
}
