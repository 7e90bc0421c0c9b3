/** Lessons as the tests' models write them, and how a test asks for one. */
import type { Answer } from './openai.ts';

/** The lists of a lesson, in the order in which they are written. */
export const LISTS = ['objectives', 'sections', 'vocabulary', 'exercises'] as const;

type List = (typeof LISTS)[number];

/** Items as a strict model writes them: what is optional is null. */
const items: Record<List, (n: number) => unknown> = {
  objectives: (n) => `objective ${n}`,
  sections: (n) => ({ heading: `heading ${n}`, body: `body ${n}`, examples: null }),
  vocabulary: (n) => ({ term: `term ${n}`, meaning: `meaning ${n}`, example: null }),
  exercises: (n) => ({ question: `question ${n}`, choices: null, answer: `answer ${n}`, explanation: null }),
};

/** So many items of a list, the first of them with this number. */
export const made = (list: List, count: number, first = 1): unknown[] =>
  Array.from({ length: count }, (_, place) => items[list](first + place));

/** The same as clients get them: what is null is absent. */
export const seen = (list: List, count: number): unknown[] =>
  JSON.parse(JSON.stringify(made(list, count)), (_, value: unknown) => value ?? undefined) as unknown[];

/** Answers every call at once with a whole lesson: what `wanted` asks for, going on from what is there. */
export const answerLesson: Answer = (pen, { material }) => {
  const wanted = Object.entries(material['wanted'] as Record<List, number>) as [List, number][];
  const lists = wanted.map(([list, count]) => [list, made(list, count, 1 + (material['there']?.[list]?.length ?? 0))]);
  pen.text(JSON.stringify({ title: 'A title', language: 'en', ...Object.fromEntries(lists) }));
  pen.finish('stop', { prompt_tokens: 100, completion_tokens: 400 });
};

/** Submits a lesson and returns the answer's JSON, with its HTTP status. */
export async function submitLesson(url: string, input: object): Promise<Record<string, any>> {
  const response = await fetch(`${url}/api/ai/generate-lesson`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(input),
  });
  return { httpStatus: response.status, ...((await response.json()) as object) };
}
