/** Runs every curl line of the documents against a real stack, as a reader would paste it. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { startAzureSpeech } from '../support/azure-speech.ts';
import { PATH, programs } from '../support/spoken.ts';
import { startStack } from '../support/stack-in-process.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const hasCurl = spawnSync('curl', ['--version']).status === 0;

/** The blocks of a document that a reader pastes into a shell, and that ask with curl. Those with a KIND are patterns. */
function sessionsIn(document: string): string[] {
  const text = readFileSync(new URL(document, `file://${ROOT}`), 'utf8');
  const blocks = [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block);
  return blocks.filter((block) => block.includes('curl ') && !block.includes('/KIND'));
}

const CHAPTERS = 'docs/handbook';
const HANDBOOK = ['wrangler-free-README.md', ...readdirSync(new URL(CHAPTERS, `file://${ROOT}`)).map((name) => `${CHAPTERS}/${name}`)];

/** Runs a script in a shell, where an answer of 400 or more is a failure. Resolves with its exit code and what it printed. */
async function run(script: string): Promise<{ code: number; output: string }> {
  const head = 'curl() { command curl --fail-with-body --max-time 60 "$@"; }\nset -e\n';
  const shell = spawn('sh', ['-c', head + script], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [shell.stdout, shell.stderr]) stream.on('data', (text) => (output += String(text)));
  const [code] = (await once(shell, 'close')) as [number];
  return { code, output };
}

test.skipIf(!hasCurl || !programs.espeak).each([
  ['the README', ['README.md']],
  ['the handbook', HANDBOOK],
])('every curl line of %s does what it is there for', async (_, documents) => {
  const speech = await startAzureSpeech();
  const stack = await startStack({ ...speech.env, PATH, RATE_LIMIT_MAX: '1000' });
  await stack.startWorker();
  const { host } = new URL(stack.url);
  const sessions = documents.flatMap(sessionsIn);
  expect(sessions.length).toBeGreaterThan(3);
  // One after the other in one shell: a block can use a variable of the block before.
  const script = sessions.join('\n').replaceAll('localhost:3001', host).replaceAll('recording.m4a', 'scripts/smoke/water.ogg');
  const { code, output } = await run(script);
  expect([output.includes('/problems/') ? output : '', code]).toEqual(['', 0]);
  const streams = [...script.matchAll(/text\/event-stream|"streamUrl"/g)].length;
  expect(output.match(/^event: completed$/gm)?.length).toBe(streams);
});
