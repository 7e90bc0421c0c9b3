/** Lessons of the offline generator: out of the text's own words, in its own language, or not at all. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lesson as kind } from '../../../../src/kinds/lesson.ts';
import { type Counts, lessonFromText, type TextLesson } from '../../../../worker/vendors/offline/lesson.ts';
import { makers } from '../../../../worker/vendors/offline/makers.ts';
import { answerLesson, submitLesson } from '../../../support/lesson.ts';
import { startOpenAI } from '../../../support/openai.ts';
import { isEnd } from '../../../support/sse.ts';
import { startStack } from '../../../support/stack-in-process.ts';

const COUNTS: Counts = { objectives: 4, sections: 4, vocabulary: 12, exercises: 8 };

const textOf = (name: string): string => readFileSync(new URL(`corpus/${name}.txt`, import.meta.url), 'utf8');

/** A lesson as a page that a person can read. */
function page({ title, language, objectives, sections, vocabulary, exercises }: TextLesson): string {
  const optional = (label: string, text: string | undefined) => (text === undefined ? [] : [`    ${label}: ${text}`]);
  return [
    `${title} (${language ?? 'language unknown'})`,
    ...objectives.map((objective) => `objective: ${objective}`),
    ...sections.flatMap(({ heading, body, examples = [] }) => [
      `section: ${heading}`,
      ...body.split('\n'),
      ...examples.map((one) => `example: ${one}`),
    ]),
    ...vocabulary.flatMap(({ term, meaning, example }) => [`term: ${term} | ${meaning}`, ...optional('example', example)]),
    ...exercises.flatMap(({ question, answer, explanation }) => [
      `exercise: ${question} | ${answer}`,
      ...optional('explanation', explanation),
    ]),
    '',
  ].join('\n');
}

// A change of the generator shows as a change of these files: `npx vitest run test/worker/vendors/offline/lesson.test.ts -u`, then read the diff.
test.each(['prose-honeybee', 'lecture-geschichte', 'wiki-celula', 'words-german', 'notes-cardiology', 'prose-japanese', 'cours-climat'])(
  '%s: the lesson is the one that was read and found good',
  async (name) => {
    const made = lessonFromText(textOf(name), COUNTS);
    await expect(made && page(made)).toMatchFileSnapshot(`corpus/${name}.lesson`);
  },
);

test.each(['chat-students', 'chat-whatsapp', 'letter-aunt', 'list-shopping', 'transcript-youtube'])('%s: no lesson', (name) => {
  expect(lessonFromText(textOf(name), COUNTS)).toBeUndefined();
});

const headings = (text: string, sections = 4) => lessonFromText(text, { ...COUNTS, sections })?.sections.map(({ heading }) => heading);

test('sections stand under the headings of the text; neighbours are put together where there are more than asked for', () => {
  const text = ['Cells', 'Blood', 'Bones'].map((topic) => `# ${topic}\n\nThis part explains what we know about it today.\n`).join('\n');
  expect(headings(text)).toEqual(['Cells', 'Blood', 'Bones']);
  expect(headings(text, 2)).toEqual(['Cells', 'Blood · Bones']);
  expect(headings(text, 1)).toEqual(['Cells · Blood · Bones']);
});

test('without headings a paragraph is a section, under what it defines or under its first words', () => {
  const text = 'Honey is a sweet substance made by bees.\n\nMany colonies in the north of Europe are threatened today by mites.';
  expect(headings(text)).toEqual(['Honey', 'Many colonies in the north of Europe…']);
});

test('cards that an author has made are one section, its words and its exercises', () => {
  const made = lessonFromText('#separator:tab\n#tags column:3\nHund\tdog\tx\nKatze\tcat\tx', COUNTS);
  expect(made?.sections).toEqual([{ heading: 'Hund dog', body: 'Hund\tdog\nKatze\tcat' }]);
  expect(made?.vocabulary).toEqual([
    { term: 'Hund', meaning: 'dog' },
    { term: 'Katze', meaning: 'cat' },
  ]);
});

test('examples of the text are examples of its section', () => {
  const [section] =
    lessonFromText('# Plural\n\nMost nouns add an s in the plural.\nExample: one cat, two cats\n\n# End\n\nThat was all of it.', COUNTS)
      ?.sections ?? [];
  expect(section).toEqual({ heading: 'Plural', body: 'Most nouns add an s in the plural.', examples: ['one cat, two cats'] });
});

test('what belongs to a course and not to its subject is left out', () => {
  const body = JSON.stringify(lessonFromText(textOf('lecture-cell'), COUNTS)?.sections);
  expect(body).toContain('thin barrier');
  expect(body).not.toMatch(/Room|10:15|https|TODO|14 June/);
});

test('a lesson says the language of its text, and none where it is in two or we do not know it', () => {
  const language = (text: string) => lessonFromText(text, COUNTS)?.language;
  expect(language('Der Wal ist ein Säugetier. Er lebt im Meer.')).toBe('de');
  expect(language('犬: dog\n猫: cat\n水: water')).toBeUndefined();
  expect(language('xyzzy')).toBeUndefined();
});

test('a further attempt makes the same items again in the same order, for those lists only that lack some', async () => {
  const make = async (wanted: Record<string, number>, there: Record<string, unknown[]> = {}) =>
    (await makers[kind.name]?.({
      kind: kind.name,
      wanted,
      input: { content: textOf('prose-honeybee') },
      there,
    })) ?? [];
  const whole = await make(COUNTS);
  const exercises = whole.filter(({ field }) => field === 'exercises');
  const there = { sections: whole.filter(({ field }) => field === 'sections').map(({ value }) => value), exercises: [exercises[0]?.value] };
  const rest = await make({ exercises: 7 }, there);
  expect(rest.filter(({ field }) => field === 'exercises')).toEqual(exercises);
  expect(new Set(rest.map(({ field }) => field))).toEqual(new Set(['title', 'language', 'exercises']));
});

test('the topic that the user names is the title', () => {
  expect(lessonFromText('Water boils at 100 degrees.', COUNTS, 'Physics')?.title).toBe('Physics');
});

const anyText = fc.oneof(
  fc.lorem({ mode: 'sentences', maxCount: 30 }),
  fc.string({ unit: 'grapheme', maxLength: 400 }),
  fc
    .array(
      fc.constantFrom(
        'Hund',
        'A cell ',
        'The plants ',
        'Example: ',
        '- ',
        '# ',
        'Unit 4: ',
        '100',
        ' km',
        ';',
        '|',
        'は',
        ': ',
        'is a ',
        '. ',
        '\n',
        '\n\n',
        '1815',
        '\t',
        ' - ',
        '水',
        'Q: ',
        'A: ',
        '? ',
        '\0',
        'homework ',
      ),
      { maxLength: 60 },
    )
    .map((parts) => parts.join('')),
);

test('of any text: valid items, none twice, not too many, all in words of the text', () => {
  const { lesson } = kind.result.shape;
  const lower = (char: string) => char.toLowerCase(); // of one alone: of a whole text, a capital sigma becomes ς at a word's end
  const bare = (text: string) =>
    Array.from(
      text
        .replace(/\p{Extended_Pictographic}/gu, '')
        .normalize('NFKC')
        .replace(/[^\p{L}\p{N}\p{M}]/gu, ''),
      lower,
    ).join('');
  fc.assert(
    fc.property(anyText, fc.integer({ min: 1, max: 12 }), (text, sections) => {
      const raw = lessonFromText(text, { ...COUNTS, sections });
      if (!raw) return;
      const made = lesson.parse(raw); // as the worker does it
      expect(made.sections.length).toBeLessThanOrEqual(sections);
      const once = (keys: string[]) => expect(new Set(keys.map((key) => key.toLowerCase())).size).toBe(keys.length);
      once(made.sections.map(({ heading }) => heading));
      once(made.exercises.map(({ question }) => question));
      const all = bare(text);
      const own = [
        made.title,
        ...made.sections.flatMap(({ heading, body, examples = [] }) => [heading, body, ...examples]),
        ...made.vocabulary.flatMap(({ term, meaning, example = '' }) => [term, meaning, example]),
        ...made.exercises.flatMap(({ answer, explanation = '' }) => [answer, explanation]),
      ];
      for (const word of own.join(' ').split(/[\s;·…–]+/)) expect(all).toContain(bare(word));
    }),
    { numRuns: 500 },
  );
});

test('a text of the largest size takes no more than its length', () => {
  const texts = [
    Array.from({ length: 2300 }, (_, n) => `# Head ${n}\n\nA thing${n} is a room.\n`).join('\n'),
    Array.from({ length: 1500 }, (_, n) => `Zed${n} is a word. Some Zed${n + 7} lives in the big house here.`).join('\n'),
    '水。'.repeat(50_000),
  ];
  for (const text of texts) expect(lessonFromText(text, COUNTS)?.sections.length).toBeLessThanOrEqual(4);
});

test('over the whole way: items, result and provider', async () => {
  const stack = await startStack();
  await stack.startWorker();
  const job = await submitLesson(stack.url, { content: textOf('prose-honeybee'), level: 'B1', language: 'fr', sections: 2 });
  const end = await (await stack.watch(job)).until(isEnd);
  const { title, language, sections, vocabulary, exercises } = end.data['result'].lesson;
  expect([title, language, sections.length, vocabulary.length]).toEqual(['The Western Honey Bee', 'en', 2, 4]);
  expect(exercises).toHaveLength(4);
  expect(end.data['usage']).toEqual({ inputTokens: 0, outputTokens: 0, costUsd: 0 });
  expect(await stack.get(`/api/jobs/${job['jobId']}`)).toMatchObject({ status: 'completed', provider: 'offline' });
  const chat = await submitLesson(stack.url, { content: textOf('chat-whatsapp') });
  expect(await (await stack.watch(chat)).until(isEnd)).toMatchObject({ event: 'failed', data: { error: { code: 'content_unusable' } } });
});

test('without content the offline generator is no provider: refused at submit, with what is missing', async () => {
  const stack = await startStack({ AI_PROVIDER: '' });
  await stack.startWorker();
  const kinds = async () => ((await stack.get('/api/kinds'))['kinds'] as Record<string, unknown>[]).find(({ name }) => name === kind.name);
  await expect.poll(kinds).toMatchObject({ available: true, provider: 'offline', needs: ['content'] });
  expect(await submitLesson(stack.url, { topic: 'Osmosis' })).toMatchObject({
    httpStatus: 501,
    code: 'provider_not_configured',
    detail: 'No worker can do generate-lesson without content. It needs these variables on a worker: OPENAI_API_KEY.',
  });
  expect(await submitLesson(stack.url, { topic: 'Osmosis', content: 'Hund: dog' })).toMatchObject({ httpStatus: 202 });
});

test('a job without content that was accepted while no worker was known fails as soon as only the offline generator is there', async () => {
  const stack = await startStack({ AI_PROVIDER: '' });
  const job = await submitLesson(stack.url, { topic: 'Osmosis' });
  expect(job['httpStatus']).toBe(202);
  await stack.startWorker();
  const end = await (await stack.watch(job)).until(isEnd);
  expect(end.data['error']).toMatchObject({
    code: 'provider_not_configured',
    detail: expect.stringMatching(/without content.*OPENAI_API_KEY/),
  });
});

test('while a worker with a model is there, a job without content goes to that one', async () => {
  const openai = await startOpenAI(answerLesson);
  const stack = await startStack({ PROVIDER_LESSON: 'offline' });
  await stack.startWorker();
  await stack.startWorker({ ...openai.env, PROVIDER_LESSON: 'openai' });
  const ask = async () => {
    const job = await submitLesson(stack.url, { topic: 'Osmosis', sections: 1 });
    await (await stack.watch(job)).until(isEnd);
    return (await stack.get(`/api/jobs/${job['jobId']}`))['provider'] as string;
  };
  expect(await Promise.all([ask(), ask(), ask()])).toEqual(['openai', 'openai', 'openai']);
});
