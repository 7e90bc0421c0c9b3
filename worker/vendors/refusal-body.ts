/** Reads the body of a vendor's refusal: the codes and words in it, however deep they stand. */
import { parseJson } from '../../src/job/parse-json.ts';

/** What a refusal says. */
export type RefusalBody = {
  /**
   * Codes and types, the innermost first, in small letters and without signs: `insufficientquota`.
   */
  codes: string[];
  /** Codes that are an HTTP status, the innermost first. */
  statuses: number[];
  /** Its messages and the names of fields in it, for patterns. They never leave the process. */
  words: string;
  /** Whether it says that the content was looked at and flagged. */
  isModerated: boolean;
};

const CODE_KEYS: ReadonlySet<string> = new Set(['code', 'reason', 'type', 'status', 'errorcode', 'errortype']);

/** What a vendor repeats of our request: it may hold any word. */
const ECHOES: ReadonlySet<string> = new Set('input ctx body request prompt messages failedgeneration flaggedinput url'.split(' '));

const MAX_DEPTH = 8;
const MAX_WORDS = 8192;

/** Reads a body, which is JSON or a text, and the header in which AWS has its code. */
export function readRefusal(body: unknown, headers?: Headers): RefusalBody {
  const read: RefusalBody = { codes: [], statuses: [], words: '', isModerated: false };
  const ofAws = headers?.get('x-amzn-errortype');
  if (ofAws) read.codes.push(plainCode(ofAws));
  visit(body, '', read, 0);
  return read;
}

function visit(value: unknown, key: string, read: RefusalBody, depth: number): void {
  if (depth > MAX_DEPTH || ECHOES.has(key)) return;
  if (typeof value === 'string') takeText(value, key, read, depth);
  else if (typeof value === 'number' && CODE_KEYS.has(key)) takeCode(String(value), read);
  else if (Array.isArray(value)) value.forEach((each) => visit(each, key === 'loc' ? 'loc' : '', read, depth + 1));
  else if (typeof value === 'object' && value !== null) {
    read.isModerated ||= 'flagged_input' in value || ('reasons' in value && Array.isArray(value.reasons));
    const entries = Object.entries(value).map(([name, inner]): [string, unknown] => [name.toLowerCase().replaceAll(/[^a-z]/g, ''), inner]);
    // What stands deeper says more than what is around it.
    for (const [name, inner] of entries) if (typeof inner === 'object' || !CODE_KEYS.has(name)) visit(inner, name, read, depth + 1);
    for (const name of CODE_KEYS)
      for (const [own, inner] of entries) if (own === name && typeof inner !== 'object') visit(inner, name, read, depth + 1);
  }
}

function takeText(text: string, key: string, read: RefusalBody, depth: number): void {
  if (/^\s*[{[]/.test(text) && key !== '') {
    const inner = parseJson(text);
    if (inner !== undefined) {
      visit(inner, '', read, depth + 1);
      return;
    }
  }
  if (CODE_KEYS.has(key)) takeCode(text, read);
  else if (key === 'error' && /^\w+$/.test(text)) takeCode(text, read);
  if (read.words.length < MAX_WORDS) read.words += ` ${text.slice(0, MAX_WORDS)}`;
}

function takeCode(text: string, read: RefusalBody): void {
  if (/^[45]\d\d$/.test(text)) read.statuses.push(Number(text));
  else if (text.length <= 128) read.codes.push(plainCode(text));
}

/** A code in small letters without signs. Its namespace, and an address behind it, are left out. */
function plainCode(text: string): string {
  return (text.split(':')[0] ?? '')
    .replace(/^.*#/, '')
    .toLowerCase()
    .replaceAll(/[^a-z\d]/g, '');
}
