/**
 * A Dockerfile built and run without Docker: each stage is an overlay on this machine's own root, in
 * a mount namespace that ends with the test. Only root of a Linux may do this.
 */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { onTestFinished } from 'vitest';
import { ignoredBy, type Instruction, instructionsOf, jsonForm, readDockerfile, type Stage } from './dockerfile.ts';
import { runProgram, type Running } from './npm-scripts.ts';

const root = resolve(import.meta.dirname, '../..');

/** The user `node` of Node's images. */
const NODE_ID = 1000;

/** Whether this machine lets a test make overlays in a namespace of its own. */
export const canBuild =
  process.platform === 'linux' &&
  process.getuid?.() === 0 &&
  spawnSync('unshare', [
    '-m',
    'sh',
    '-c',
    'mount -t tmpfs t /mnt && mkdir /mnt/u /mnt/w /mnt/r && mount -t overlay o -o lowerdir=/,upperdir=/mnt/u,workdir=/mnt/w /mnt/r && command -v nsenter setpriv',
  ]).status === 0;

/** An image: its name, and how a container of it runs. */
export type Image = { name: string; command: string[]; env: Record<string, string>; folder: string; user: string };

/** A container that runs. */
export type Container = Running & {
  /** Sends a signal to its process 1. */
  signal(signal: NodeJS.Signals): void;
};

/** Builds the stages of the repository's Dockerfile, and runs containers of them. */
export class Builder {
  readonly #folder: string;
  readonly #namespace: number;
  readonly #stages: Stage[];
  readonly #env: Record<string, string>;
  /** The lower folders of the overlay of each stage that is built, the uppermost first. */
  readonly #layers = new Map<string, string>();

  /** `env`: variables that npm needs in RUN steps, such as where its certificates are. */
  constructor(dockerfile: string, env: Record<string, string>) {
    this.#stages = readDockerfile(readFileSync(join(root, dockerfile), 'utf8'));
    this.#env = env;
    this.#folder = mkdtempSync(join(tmpdir(), 'ai-jobs-image-'));
    // It stands for the namespace: all mounts go with it.
    const holder = spawn('unshare', ['-m', 'sleep', 'infinity'], { stdio: 'ignore' });
    this.#namespace = holder.pid ?? 0;
    onTestFinished(() => {
      holder.kill();
      rmSync(this.#folder, { recursive: true });
    });
    while (readFileSync(`/proc/${this.#namespace}/comm`, 'utf8') !== 'sleep\n'); // unshare becomes sleep once it has unshared
    this.#mountBase();
  }

  /** Builds a stage, and those that it needs. */
  build(name: string): Image {
    const image: Image = { name, command: [], env: {}, folder: '/', user: 'root' };
    const stage = this.#stages.find((one) => one.name === name);
    if (!stage) throw new Error(`the Dockerfile has no stage ${name}`);
    const before = this.#stages.find((one) => one.name === stage.from);
    if (before)
      Object.assign(image, this.#layers.has(before.name) ? settingsOf(this.#stages, before.name) : this.build(before.name), { name });
    this.#mount(name, this.#layers.get(before?.name ?? 'image') ?? '');
    for (const instruction of stage.instructions) this.#do(image, instruction);
    return image;
  }

  /** What the layers of an image take on top of the image that it begins with, in bytes. */
  size(name: string): number {
    const uppers = (this.#layers.get(name) ?? '')
      .split(':')
      .filter((layer) => layer.startsWith(this.#folder) && !layer.includes('/image/'));
    return uppers.reduce((sum, upper) => sum + Number(this.#enter(['du', '-s', '-B1', upper]).split('\t')[0]), 0);
  }

  /** Runs a container as Docker does with `--read-only --tmpfs /tmp`: its command is process 1, without HOME. */
  run(image: Image, env: Record<string, string>, command = image.command): Container {
    const path = this.#pathOf(image.name);
    this.#enter(['mount', '-o', 'remount,ro', path]);
    const variables = Object.entries({ PATH: '/usr/local/bin:/usr/bin:/bin', ...image.env, ...env }).map((pair) => pair.join('='));
    const inside = ['chroot', path, ...asUser(image.user), 'env', '-i', '-C', image.folder, ...variables, ...command];
    const pid = ['unshare', '--pid', '--fork', '--kill-child', `--mount-proc=${path}/proc`];
    const running = runProgram('nsenter', ['-t', String(this.#namespace), '-m', ...pid, ...inside], {}, '/');
    const signal = (name: NodeJS.Signals) => {
      const outer = running.child.pid ?? 0;
      process.kill(Number(readFileSync(`/proc/${outer}/task/${outer}/children`, 'utf8').trim()), name);
    };
    return { ...running, signal };
  }

  #do(image: Image, { keyword, flags, text }: Instruction): void {
    applySetting(image, { keyword, flags, text });
    const path = this.#pathOf(image.name);
    if (keyword === 'WORKDIR') this.#enter(['mkdir', '-p', path + text]);
    if (keyword === 'COPY') this.#copy(image, flags, text);
    // This machine has the programs of Debian's packages already.
    if (keyword === 'RUN' && !text.startsWith('apt-get')) {
      const variables = Object.entries({ PATH: '/usr/local/bin:/usr/bin:/bin', HOME: '/root', ...this.#env, ...image.env });
      const shell = ['env', '-i', '-C', image.folder, ...variables.map((pair) => pair.join('=')), 'sh', '-c', text];
      this.#enter(['chroot', path, ...asUser(image.user), ...shell]);
    }
  }

  #copy({ name, folder }: Image, { from, chown }: Record<string, string>, text: string): void {
    const [source = '', target = ''] = text.split(/\s+/);
    const to = `${this.#pathOf(name)}${resolve(folder, target)}`;
    if (from !== undefined && !this.#layers.has(from)) this.build(from);
    const origin = from === undefined ? this.#context() : this.#pathOf(from) + source;
    this.#enter([
      'sh',
      '-c',
      'mkdir -p "$2" && cp -r --preserve=mode "$1/." "$2" && chown -R "$3" "$2"',
      'sh',
      origin,
      to,
      chown ? `${NODE_ID}:${NODE_ID}` : '0:0',
    ]);
  }

  /** What a build gets of the repository. */
  #context(): string {
    const context = join(this.#folder, 'context');
    const isIgnored = ignoredBy(join(root, '.dockerignore'));
    cpSync(root, context, { recursive: true, filter: (path) => path === root || !isIgnored(relative(root, path)) });
    return context;
  }

  /** The image that stages begin with: this machine, with Node 24 and the user node. */
  #mountBase(): void {
    copyFileSync(process.execPath, join(this.#folder, 'node'));
    chmodSync(join(this.#folder, 'node'), 0o755);
    mkdirSync(join(this.#folder, 'stages'));
    this.#enter(['mount', '-t', 'tmpfs', 'tmpfs', join(this.#folder, 'stages')]);
    this.#mount('image', '');
    const path = this.#pathOf('image');
    this.#enter(['sh', '-c', `mkdir -p ${path}/usr/local/bin && cp ${this.#folder}/node ${path}/usr/local/bin/node`]);
    this.#enter([
      'sh',
      '-c',
      `grep -q '^node:' /etc/passwd || echo 'node:x:${NODE_ID}:${NODE_ID}::/home/node:/bin/sh' >>${path}/etc/passwd`,
    ]);
    this.#enter(['sh', '-c', `grep -q '^node:' /etc/group || echo 'node:x:${NODE_ID}:' >>${path}/etc/group`]);
  }

  #mount(name: string, lower: string): void {
    const [upper, work, path] = ['upper', 'work', 'root'].map((part) => join(this.#folder, 'stages', name, part));
    const below = lower === '' ? '/' : lower;
    this.#enter(['mkdir', '-p', `${upper}`, `${work}`, `${path}`]);
    this.#enter(['mount', '-t', 'overlay', 'overlay', '-o', `lowerdir=${below},upperdir=${upper},workdir=${work}`, `${path}`]);
    this.#enter(['mount', '--rbind', '/dev', `${path}/dev`]);
    this.#enter(['mount', '--bind', '/proc', `${path}/proc`]);
    // Nothing of this repository is in reach.
    for (const hidden of root.startsWith('/tmp/') ? ['/tmp'] : ['/tmp', root])
      this.#enter(['mount', '-t', 'tmpfs', 'tmpfs', `${path}${hidden}`]);
    this.#layers.set(name, `${upper}:${below}`);
  }

  #pathOf(name: string): string {
    return join(this.#folder, 'stages', name, 'root');
  }

  /** Runs a program in the namespace, and returns what it prints. */
  #enter(command: string[]): string {
    const { status, stdout, stderr } = spawnSync('nsenter', ['-t', String(this.#namespace), '-m', ...command], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`${command.join(' ')} ended with ${status}:\n${stdout}${stderr}`);
    return stdout;
  }
}

/** What an instruction says of how a container runs. */
function applySetting(image: Image, { keyword, text }: Instruction): void {
  if (keyword === 'CMD') image.command = jsonForm(text);
  if (keyword === 'WORKDIR') image.folder = text;
  if (keyword === 'USER') image.user = text;
  if (keyword === 'ENV') for (const [, name = '', value = ''] of text.matchAll(/(\w+)=(\S+)/g)) image.env[name] = value;
}

function settingsOf(stages: readonly Stage[], name: string): Omit<Image, 'name'> {
  const image: Image = { name, command: [], env: {}, folder: '/', user: 'root' };
  for (const instruction of instructionsOf(stages, name)) applySetting(image, instruction);
  return image;
}

function asUser(user: string): string[] {
  const rights = ['--no-new-privs', '--bounding-set=-all', '--inh-caps=-all', '--clear-groups'];
  return user === 'root' ? [] : ['setpriv', `--reuid=${NODE_ID}`, `--regid=${NODE_ID}`, ...rights];
}
