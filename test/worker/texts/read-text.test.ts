/** What a model gets of a pasted text: what it says, without the marks of its format and without what only manages it. */
import { expect, test } from 'vitest';
import { toPlainText } from '../../../worker/texts/read-text.ts';
import { type Answer, answerWith, card, startOpenAI } from '../../support/openai.ts';
import { answerLesson, submitLesson } from '../../support/lesson.ts';
import { isEnd } from '../../support/sse.ts';
import { startStack } from '../../support/stack-in-process.ts';

const ANKI =
  '#separator:tab\n#html:true\n#guid column:1\n#tags column:4\nk{8#xT\t<b>Hund</b>\tdog &amp; hound\tnoun\nm9_xQ2\tKatze\tcat\tnoun';

test.each([
  ['Anki', ANKI, 'Hund\tdog & hound\nKatze\tcat'],
  ['gaps', 'The {{c1::heart}} pumps {{c2::blood::a fluid}}.\tbio', 'The heart pumps blood. [heart; blood]'],
  ['CSV', 'Front,Back\n"Hund, der","dog\nhound"\nKatze,cat', 'Front\tBack\nHund, der\tdog hound\nKatze\tcat'],
  [
    'HTML',
    '<h1>Cells</h1><p>The <b>cell</b> is\na room.</p><ul><li>one<li>two</ul><script>x()</script><table><tr><td>a<td>b<tr><td>c<td>d</table>',
    '# Cells\n\nThe cell is a room.\n\n- one\n- two\n\na\tb\nc\td',
  ],
  ['WebVTT', 'WEBVTT\n\nintro\n00:01.000 --> 00:02.000\n<v Anna>The cell\n\n00:02.000 --> 00:03.000\nis a room.', 'The cell is a room.'],
  [
    'MediaWiki',
    "'''Osmosis''' is [[water (drink)|water]] that moves.<ref>Smith</ref>\n\n== Use ==\n* one",
    'Osmosis is water that moves.\n\n# Use\n\n- one',
  ],
  ['Obsidian', '---\ntags: bio\n---\nSome words.\n\nHund::dog <!--SR:!2026-01-01,3,250-->', 'Some words.\n\nHund\tdog'],
  [
    'wrapped lines',
    'Osmosis is the move-\nment of water through\na membrane. It is slow\nand needs no energy.',
    'Osmosis is the movement of water through a membrane. It is slow and needs no energy.',
  ],
  ['characters', 'The \ufb01rst \u200bﬂight; می\u200cروم', 'The first flight; می\u200cروم'],
])('%s', (_, text, plain) => {
  expect(toPlainText(text)).toBe(plain);
});

test('notes stay as they are: Markdown, verse, code, lists and lines that only look like a format', () => {
  for (const text of [
    '# Cells\n\n- **nucleus**: the centre\n- `ribosome`: makes *proteins*\n\n> A quote.\n\n| a | b |\n|---|---|\n| 1 | 2 |',
    'The fog comes\nOn little cat feet,\nIt sits looking,\nOver the harbour',
    '```js\nconst a = b\n  && c\n```\nif (x < y) {\n  return x\n}',
    'def area(width, height_of_the_rectangle):\n    result = multiply(width, height_of_the_rectangle)\n    return result',
    'nine bean-rows will I have there, a hive for the bee,\nand live alone in the bee-loud glade,\nand I shall have some peace there,',
    '9:00\nbreakfast\n10:00\nlecture',
    '# Cells\n\nThe [[nucleus]] of {{title}} is a part.',
    'milk\neggs\nbread',
    'x < y & z > w',
    'Anna: hello\nBen: hi there',
    'Hund - dog\nKatze - cat',
  ])
    expect(toPlainText(text)).toBe(text);
});

test('a text of which nothing would be left stays as it is', () => {
  expect(toPlainText('<style>p { color: red }</style>')).toContain('color');
});

test('cards and lessons of a model are made of the plain text; the job keeps what was sent', async () => {
  const answer: Answer = (...asked) => {
    const writes = /write lessons/.test(asked[1].body['messages'][0].content) ? answerLesson : answerWith([card(1)]);
    return writes(...asked);
  };
  const openai = await startOpenAI(answer);
  const stack = await startStack(openai.env);
  await stack.startWorker();
  const key = { 'idempotency-key': 'k', 'user-id': 'ana' };
  const send = (content: string) => stack.submit({ content, count: 1 }, key);
  const job = await send(ANKI);
  await (await stack.watch(job)).until(isEnd);
  expect((await send(ANKI))['jobId']).toBe(job['jobId']);
  await (await stack.watch(await submitLesson(stack.url, { content: ANKI, sections: 1 }))).until(isEnd);
  const materials = openai.calls.map(({ body }) => JSON.parse(body['messages'][1].content) as { content: string });
  expect(materials.map(({ content }) => content)).toEqual(['Hund\tdog & hound\nKatze\tcat', 'Hund\tdog & hound\nKatze\tcat']);
});
