/** A network of a test's own, whose far side can vanish: packets to it are lost, and none comes back. */
import { type ChildProcessByStdio, execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import { onTestFinished } from 'vitest';

/** Why there can be no network of a test's own; undefined where there can. */
export function whyNoNetwork(): string | undefined {
  if (process.platform !== 'linux') return 'network namespaces are Linux';
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  const name = `ai-jobs-${randomBytes(3).toString('hex')}`;
  const made = spawnSync('ip', ['netns', 'add', name]);
  if (made.error) return 'there is no ip (iproute2)';
  spawnSync('ip', ['netns', 'del', name]);
  return made.status === 0 ? undefined : 'this root may not make network namespaces';
}

/** A namespace and the link to it; both go with the test, however it ends. */
export type FarSide = {
  /** The near end's address, to listen on. */
  address: string;
  /** Runs a script of Node's there. */
  run(script: string): ChildProcessByStdio<null, Readable, null>;
  /** From now on nothing gets through, in either direction. */
  vanish(): void;
};

/** Makes a far side. */
export function createFarSide(): FarSide {
  const tag = randomBytes(3).toString('hex');
  const [space, near, far] = [`ai-jobs-${tag}`, `aj${tag}n`, `aj${tag}f`];
  const third = 1 + ((randomBytes(1)[0] ?? 0) % 250);
  const [address, other] = [`198.18.${third}.1`, `198.18.${third}.2`]; // RFC 2544: nobody's
  const ip = (...words: string[]) => execFileSync('ip', words, { stdio: ['ignore', 'pipe', 'inherit'] }).toString();
  const started: ChildProcessByStdio<null, Readable, null>[] = [];
  onTestFinished(() => {
    for (const child of started) child.kill('SIGKILL');
    spawnSync('ip', ['link', 'del', near]); // the far end goes with it
    spawnSync('ip', ['netns', 'del', space]);
  });
  ip('netns', 'add', space);
  ip('link', 'add', near, 'type', 'veth', 'peer', 'name', far, 'netns', space);
  ip('addr', 'add', `${address}/30`, 'dev', near);
  ip('link', 'set', near, 'up');
  ip('-n', space, 'addr', 'add', `${other}/30`, 'dev', far);
  ip('-n', space, 'link', 'set', far, 'up');
  const hardware = /link\/ether (\S+)/.exec(ip('-n', space, 'link', 'show', far))?.[1] ?? '';
  ip('neigh', 'replace', other, 'lladdr', hardware, 'dev', near, 'nud', 'permanent'); // else the near side would notice
  return {
    address,
    run(script) {
      const child = spawn('ip', ['netns', 'exec', space, process.execPath, '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
      started.push(child);
      return child;
    },
    vanish: () => void ip('-n', space, 'addr', 'flush', 'dev', far),
  };
}
