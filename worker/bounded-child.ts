/** Runs a program of the system as a child process, with limits on its time, its output and its memory. */
import { type ChildProcess, spawn } from 'node:child_process';
import { OwnError } from '../src/job/own-error.ts';

/** A program to run, and its limits. */
export type ProgramRun = {
  program: string;
  args: readonly string[];
  /** What the child reads at its standard input. */
  input?: string | Uint8Array;
  /** A file that is open in this process. The child has it as its file descriptor 3. */
  file?: number;
  /** How long it may run, in ms. */
  timeoutMs: number;
  /** How much it may write to its standard output, in bytes. */
  maxOutput: number;
  /**
   * How much address space it may have, in MB. Only on systems
   * whose shell can limit it: Linux, but not macOS or Windows.
   */
  memoryMb: number;
};

/** The child did not do its work. `why`: it ended with an error, ran too long, or wrote too much. */
export class ChildError extends OwnError {
  override name = 'ChildError';
  readonly why: 'failed' | 'timeout' | 'output';

  constructor(why: ChildError['why'], message: string) {
    super(message);
    this.why = why;
  }
}

/** Sets the limit in a shell, which then becomes the program: a signal reaches the program itself. */
const LIMIT = 'ulimit -v "$1" 2>/dev/null; shift; exec "$@"';

/**
 * Runs the program and resolves with its output. The child is killed at
 * once at a limit and when the signal aborts; the promise settles when
 * the child is gone. What it says on its standard error is not read.
 * @throws ChildError if it fails or reaches a limit, the signal's reason if that aborted
 */
export async function runChild(request: ProgramRun, signal: AbortSignal): Promise<Buffer> {
  signal.throwIfAborted();
  const { input, timeoutMs, maxOutput } = request;
  const child = start(request);
  const kill = () => killGroup(child);
  let reached: 'timeout' | 'output' | undefined;
  const chunks: Buffer[] = [];
  let length = 0;
  const timer = setTimeout(() => {
    reached = 'timeout';
    kill();
  }, timeoutMs);
  signal.addEventListener('abort', kill, { once: true });
  child.stdout?.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length <= maxOutput) return void chunks.push(chunk);
    reached ??= 'output';
    kill();
  });
  child.stdin?.on('error', () => {}); // the child may end before it has read its input
  child.stdin?.end(input);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    }).catch(() => null);
    signal.throwIfAborted();
    if (reached !== undefined) throw new ChildError(reached, `a child process reached its limit: ${reached}`);
    if (code !== 0) throw new ChildError('failed', 'a child process ended with an error');
    return Buffer.concat(chunks);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', kill);
  }
}

function start({ program, args, input, file, memoryMb }: ProgramRun) {
  const stdio = [input === undefined ? 'ignore' : 'pipe', 'pipe', 'ignore', ...(file === undefined ? [] : [file])] as const;
  const options = { stdio: [...stdio], env: {} }; // it needs no variable of ours, and so gets no key
  if (process.platform === 'win32') return spawn(program, args, options);
  // In a group of its own, so that a Ctrl-C for this process
  // does not end it: a worker that stops lets its jobs end.
  return spawn('/bin/sh', ['-c', LIMIT, 'sh', String(memoryMb * 1024), program, ...args], { ...options, detached: true });
}

/** Kills the child with all that it has started. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || process.platform === 'win32') return void child.kill('SIGKILL');
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // it has just ended
  }
}
