/**
 * Who speaks in a dialogue: names before colons, again and again, with whole sentences after them.
 */
import { answers, asks } from './questions.ts';
import { attributes } from './labels.ts';
import type { Line } from './lines.ts';

const named = /^([\p{L}\p{N}][\p{L}\p{N}.'’ _-]{0,30}?)(?:\s?\([^()]{1,30}\))?[:：]\s{0,4}(\S.*)$/u;

/** Whether something is said rather than explained: a whole sentence, or many words. */
const isSaid = (text: string): boolean => /[.!?…。！？)]["”]?$/u.test(text) || text.split(' ').length >= 6;

/** Takes the speakers' names off their lines. */
export function withoutSpeakers(lines: readonly Line[]): Line[] {
  const speakers = findSpeakers(lines);
  if (speakers.size === 0) return [...lines];
  return lines.map((line) => {
    if (line.cards || line.cells) return line;
    const [, name = '', said = ''] = named.exec(line.text) ?? [];
    return speakers.has(name) ? { ...line, text: said, spoken: true } : line;
  });
}

function findSpeakers(lines: readonly Line[]): Set<string> {
  const parts = new Map<string, { times: number; said: number }>();
  let labelled = 0;
  for (const [at, { text, cards, cells }] of lines.entries()) {
    if (cards || cells) continue;
    if (asks.test(text) && answers.test(lines[at + 1]?.text ?? '')) return new Set(); // questions with answers are no talk
    const [, name, said] = named.exec(text) ?? [];
    if (name === undefined || said === undefined || name.split(' ').length > 3 || attributes.has(name.toLowerCase())) continue;
    labelled++;
    const part = parts.get(name) ?? { times: 0, said: 0 };
    parts.set(name, { times: part.times + 1, said: part.said + (isSaid(said) ? 1 : 0) });
  }
  const regular = [...parts].filter(([, { times, said }]) => times >= 2 && said * 2 >= times).map(([name]) => name);
  if (regular.length === 0) return new Set();
  // In a dialogue, who speaks once is a speaker, too.
  const isDialogue = regular.length >= 2 && labelled * 2 >= lines.length;
  const once = isDialogue ? [...parts].filter(([name, { said }]) => said > 0 && !name.includes(' ')).map(([name]) => name) : [];
  return new Set([...regular, ...once]);
}
