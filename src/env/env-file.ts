/** `.env` files: values for the variables that are not set, one `NAME=value` a line. */
import { parseEnv } from 'node:util';

/** What a file says, or what is wrong with it: each mistake with its line, never a value. */
export type EnvFile = { values: Record<string, string> } | { mistakes: string[] };

const ASSIGNMENT = /^\s*(?:export\s+)?[A-Za-z_]\w*\s*=\s*(.*)$/;
const QUOTES = ['"', "'", '`'];

/**
 * Reads a file's text as Node does (`node --env-file`): comments after `#`, values in quotes, which
 * may go over several lines. Node passes over what it does not understand; here that is a mistake.
 */
export function parseEnvFile(text: string): EnvFile {
  const clean = text.replace(/^\uFEFF/, ''); // some editors put this mark first; it is no part of a name
  const mistakes = clean.includes('\0') ? ['it is not text in UTF-8'] : mistakesIn(clean.split(/\r?\n/));
  return mistakes.length > 0 ? { mistakes } : { values: parseEnv(clean) as Record<string, string> };
}

function mistakesIn(lines: string[]): string[] {
  const mistakes: string[] = [];
  for (let n = 0; n < lines.length; n++) {
    const line = lines[n] ?? '';
    if (/^\s*(#|$)/.test(line)) continue;
    const at = `line ${n + 1}`;
    const value = ASSIGNMENT.exec(line)?.[1];
    const quote = QUOTES.find((mark) => value?.startsWith(mark));
    if (value === undefined) mistakes.push(`${at}: expected NAME=value`);
    else if (quote === undefined) {
      if (/\S#/.test(value)) mistakes.push(`${at}: a value with # in it needs quotes, since # begins a comment`);
    } else {
      let rest = value.slice(1);
      while (!rest.includes(quote) && n + 1 < lines.length) rest = lines[++n] ?? '';
      const after = rest.split(quote)[1];
      if (after === undefined) mistakes.push(`${at}: the quote is not closed`);
      else if (!/^\s*(#|$)/.test(after)) mistakes.push(`${at}: nothing but a comment may follow the closing quote`);
    }
  }
  return mistakes;
}

/** Sets what a file says of variables that are not set or empty: what is set wins. */
export function fillFrom(values: Record<string, string>, variables: NodeJS.ProcessEnv): void {
  for (const [name, value] of Object.entries(values)) if ((variables[name] ?? '').trim() === '') variables[name] = value;
}
