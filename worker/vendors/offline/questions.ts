/** Questions that the text itself answers. */
import type { Language } from './languages/language.ts';
import type { Line } from './lines.ts';
import { words } from './text.ts';

/** How a question and its answer are marked, with their numbers. */
export const asks =
  /^(?:Q|Question|F|Frage|P|Pregunta|Pergunta|D|Domanda|Вопрос|В|Soru|س|问|問|문|질문)\s{0,2}\d{0,3}\s{0,2}[:.：)]\s{0,4}(\S.*)$/iu;
export const answers =
  /^(?:A|Answer|Antwort|R|Respuesta|Resposta|Réponse|Risposta|Ответ|О|Cevap|ج|答|답)\s{0,2}\d{0,3}\s{0,2}[:.：)]\s{0,4}(\S.*)$/iu;

/** A question and its answer that are a paragraph of two lines, with nobody spoken to. */
export function plainQuestion(
  [asked, answer, after]: readonly (Line | undefined)[],
  language: Language | undefined,
): { term: string; meaning: string } | undefined {
  if (!asked?.first || !answer || answer.first || (after && !after.first) || asked.spoken || answer.mark !== 'none') return undefined;
  const term = asks.exec(asked.text)?.[1] ?? asked.text;
  const isQuestion = /^[^.!?？！]{8,150}\s?[?？]$/u.test(term) && !/[?？:：]$/u.test(answer.text) && answer.text.length <= 300;
  const isPersonal = words(`${term} ${answer.text}`).some(({ text }) => language?.persons.has(text.toLowerCase()));
  return isQuestion && !isPersonal ? { term, meaning: answer.text } : undefined;
}

/** A question that is marked as one, with its answer on the next line. */
export function answeredQuestion(line: string, next: string): { term: string; meaning: string } | undefined {
  const term = asks.exec(line)?.[1];
  const meaning = answers.exec(next)?.[1];
  return term && meaning ? { term, meaning } : undefined;
}
