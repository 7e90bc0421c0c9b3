/** What is spoken of a text: all that a reader would read aloud, and no marks. */
import { expect, test } from 'vitest';
import { toSpokenText } from '../../../worker/texts/spoken.ts';

test.each([
  ['headings, emphasis and code', '# Title\n\n**Bold**, _slanted_ and `code`.', 'Title\n\nBold, slanted and code.'],
  ['lists keep their numbers', '- one\n- [ ] two\n\n3. three\n4. four', 'one\ntwo\n\n3. three\n4. four'],
  ['links, pictures and quotes', '> A [link](http://x.y)\n> ![a cat](c.png)\n\n---', 'A link\na cat'],
  ['tables', '| a | b |\n|---|---|\n| c | d |', 'a, b\nc, d'],
  ['HTML', '<p>Hi <b>there</b></p>Tom &amp; Jerry<!-- no -->', 'Hi there\n\nTom & Jerry'],
  ['a program', 'Before.\n\n```js\nconst a = 1;\n```\n\n~~~\nfoo(1);\n~~~\nAfter.', 'Before.\n\nAfter.'],
  ['text between fences', '```markdown\n# Hi\n**you**\n```', 'Hi\n\nyou'],
  ['a program alone', '```py\nprint(1)\n```', 'print(1)'],
  ['a fence that is never closed', 'Before.\n```js\nAfter it.', 'Before.\n\nAfter it.'],
  ['scripts without spaces', '東京は**「首都」**です。', '東京は「首都」です。'],
  ['footnotes and front matter', '---\ntitle: x\n---\nOld[^1] text.', 'Old text.'],
])('%s', (_, text, spoken) => {
  expect(toSpokenText(text)).toBe(spoken);
});

test('plain text stays as it is', () => {
  for (const text of [
    'Plain text.\n\n  Two  spaces, a - b.',
    '5 < 6 & 7 > 3, snake_case_name, 2 * 3 * 4',
    'x <y and z> w',
    '1986. A year.',
  ])
    expect(toSpokenText(text)).toBe(text);
});
