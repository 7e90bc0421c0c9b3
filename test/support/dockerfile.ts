/** Dockerfiles, read instruction by instruction, and what `.dockerignore` leaves of a build's context. */
import { readFileSync } from 'node:fs';
import { DockerfileParser, type Instruction as DockerInstruction, ModifiableInstruction } from 'dockerfile-ast';

/** An instruction: `COPY`, its flags (`from`) and its arguments as they are written. */
export type Instruction = { keyword: string; flags: Record<string, string>; text: string };

/** A stage: its name, the image or stage that it begins with, and its instructions without FROM. */
export type Stage = { name: string; from: string; instructions: Instruction[] };

/** Reads the stages of a Dockerfile. `args`: build arguments; those that are missing have their defaults. */
export function readDockerfile(text: string, args: Record<string, string> = {}): Stage[] {
  const known: Record<string, string> = {};
  const stages: Stage[] = [];
  for (const instruction of DockerfileParser.parse(text).getInstructions()) {
    const keyword = instruction.getKeyword();
    const rest = instruction.getArgumentsContent() ?? '';
    if (keyword === 'ARG' && stages.length === 0) {
      const [name = '', value = ''] = rest.split('=');
      known[name] = args[name] ?? value;
    } else if (keyword === 'FROM') {
      const [from = '', , name = `stage-${stages.length}`] = rest
        .replaceAll(/\$\{(\w+)\}/g, (_, arg: string) => known[arg] ?? '')
        .split(/\s+/);
      stages.push({ name, from, instructions: [] });
    } else stages.at(-1)?.instructions.push({ keyword, flags: flagsOf(instruction), text: rest });
  }
  return stages;
}

/** The instructions that make a stage, those of the stages that it begins with first. */
export function instructionsOf(stages: readonly Stage[], name: string): Instruction[] {
  const stage = stages.find((one) => one.name === name);
  return stage ? [...instructionsOf(stages, stage.from), ...stage.instructions] : [];
}

/** The arguments of a JSON form, such as that of CMD. A HEALTHCHECK's are behind the word CMD. */
export function jsonForm(text: string): string[] {
  return JSON.parse(text.replace(/^CMD\s+/, '')) as string[];
}

/** Says of a path in a build's context whether `.dockerignore` keeps it out. The last pattern that fits decides. */
export function ignoredBy(file: string): (path: string) => boolean {
  const lines = readFileSync(file, 'utf8').split('\n');
  const patterns = lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ includes: line.startsWith('!'), expression: toExpression(line.replace(/^!/, '')) }));
  return (path) => patterns.reduce((ignored, { includes, expression }) => (expression.test(path) ? !includes : ignored), false);
}

/** What stands as `--name=value` before the arguments of an instruction. */
function flagsOf(instruction: DockerInstruction): Record<string, string> {
  const flags = instruction instanceof ModifiableInstruction ? instruction.getFlags() : [];
  return Object.fromEntries(flags.map((flag) => [flag.getName(), flag.getValue() ?? '']));
}

/** A pattern of `.dockerignore` as an expression. Other than in a shell, `*` takes names that begin with a dot, too. */
function toExpression(pattern: string): RegExp {
  const parts = pattern
    .split('/')
    .map((part) => (part === '**' ? '.*' : part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll('*', '[^/]*')));
  return new RegExp(`^${parts.join('/').replace('.*/', '(?:.*/)?')}(?:/|$)`);
}
