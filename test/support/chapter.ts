/** The chapter on trouble as tests read it: its paragraphs, and whether their commands print what it says. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished } from 'vitest';

const page = readFileSync(resolve(import.meta.dirname, '../../docs/troubleshooting.md'), 'utf8');
/** What stands before the first chapter: the table of what is seen, and the variables. */
export const [intro = ''] = page.split('\n## ');

/** The paragraphs of the page, by their anchors. */
export const paragraphs = new Map(
  page
    .split('\n### ')
    .slice(1)
    .map((text) => [/^<a id="([^"]+)">/.exec(text)?.[1] ?? text.slice(0, 40), text.split('\n## ')[0] ?? '']),
);

/** What a paragraph's commands are, and what each of them prints. */
function looksOf(anchor: string): { command: string; prints: string }[] {
  const blocks = [...(paragraphs.get(anchor) ?? '').matchAll(/```console\n([^]*?)\n```/g)].map(([, block = '']) => block);
  return blocks.flatMap((block) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((text) => {
        const [command = '', ...lines] = text.split('\n');
        return { command, prints: lines.join('\n') };
      }),
  );
}

/** What can be another each time: numbers, ids, dates and ports. */
const masked = (text: string) =>
  text
    .replaceAll(/"\d{4}-\d\d-\d\dT[^"]*"/g, '"DATE"')
    .replaceAll(/(generate-[a-z]+)-[\w-]{32}/g, '$1-ID')
    .replaceAll(/\d+(?:\.\d+)?/g, 'N')
    .replaceAll(/ +$/gm, '')
    .trimEnd();

const run = promisify(execFile);

/** Runs a command as an operator does who has set the page's variables. Resolves with what it prints. */
async function print(command: string, env: Record<string, string>, cwd: string): Promise<string> {
  const functions = /^(?:metrics|job)\(\) .*$/gm;
  const script = `${(intro.match(functions) ?? []).join('\n')}\n${command}`;
  return run('bash', ['-c', script], { env: { PATH: process.env['PATH'] ?? '', ADMIN_TOKEN: '', ...env }, cwd }).then(
    ({ stdout }) => stdout,
    ({ stdout }: { stdout: string }) => stdout, // a grep without a hit ends with 1
  );
}

/** Whose jobs the commands ask for. */
export const OWNER = { 'user-id': 'ana' };

/** What the page's variables stand for here. `worker`: the URL of its health; where there is none, nobody listens. */
export const variables = (stack: { url: string }, job: Record<string, any>, worker = 'http://127.0.0.1:9') => ({
  API: stack.url,
  WORKER: worker,
  OWNER: OWNER['user-id'],
  JOB: String(job['jobId']),
  STREAM: String(job['streamUrl']),
});

/** Resolves once the commands of a paragraph print what the page says. `which`: takes only some of them. */
export async function expectAsWritten(
  anchor: string,
  env: Record<string, string>,
  { which = () => true, files = {} }: { which?: (command: string) => boolean; files?: Record<string, () => string> } = {},
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'ai-jobs-trouble-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const looks = looksOf(anchor).filter(({ command }) => which(command));
  expect(looks).not.toEqual([]);
  for (const { command, prints } of looks) {
    const printed = async () => {
      for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text());
      return masked(await print(command, env, folder));
    };
    // Each look starts a shell and what it runs, which takes more of the processor than what is waited for.
    await expect.poll(printed, { message: command, interval: 250 }).toBe(masked(prints));
  }
}
