/** `.env` files: what Node takes is taken, what it would pass over in silence is a mistake, with its line and without a value. */
import { expect, test } from 'vitest';
import { fillFrom, parseEnvFile } from '../../src/env/env-file.ts';

test('values as Node reads them', () => {
  const text = "\uFEFF# settings\r\nA=1\r\n\r\nexport B = two words # a comment\r\nC=\"x # y\" # c\nD='l1\nl2'\nE=\nF=`it's`\nG=a=b\n";
  expect(parseEnvFile(text)).toEqual({ values: { A: '1', B: 'two words', C: 'x # y', D: 'l1\nl2', E: '', F: "it's", G: 'a=b' } });
  expect(parseEnvFile('')).toEqual({ values: {} });
});

test('every mistake is told at once, by its line', () => {
  const text = 'A=1\nhunter2\nB: hunter2\nC=redis://:hunter#2@host\nD="hunter2" hunter2\n1E=hunter2\nF="hunter2\nG=1';
  const parsed = parseEnvFile(text);
  expect(parsed).toEqual({
    mistakes: [
      'line 2: expected NAME=value',
      'line 3: expected NAME=value',
      'line 4: a value with # in it needs quotes, since # begins a comment',
      'line 5: nothing but a comment may follow the closing quote',
      'line 6: expected NAME=value',
      'line 7: the quote is not closed',
    ],
  });
  expect(JSON.stringify(parsed)).not.toContain('hunter2');
  expect(parseEnvFile(Buffer.from('A=1\n', 'utf16le').toString())).toEqual({ mistakes: ['it is not text in UTF-8'] });
});

test('variables that are set win; an empty one counts as unset', () => {
  const variables: NodeJS.ProcessEnv = { SET: 'mine', EMPTY: ' ' };
  fillFrom({ SET: 'file', EMPTY: 'file', MISSING: 'file' }, variables);
  expect(variables).toEqual({ SET: 'mine', EMPTY: 'file', MISSING: 'file' });
});
