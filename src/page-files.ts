/**
 * The files of the pages: of those at `/` and `/admin` plain modules, whose types
 * are taken out here, since browsers read none; of `/docs` Swagger UI.
 */
import { readFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import type { Asset, ReadAsset } from './http/asset.ts';

/** Where the files are, by what their paths begin with. */
const FOLDERS: Readonly<Record<string, URL>> = {
  '/page/': new URL('../page/', import.meta.url),
  '/page/admin/': new URL('../page/admin/', import.meta.url),
  '/client/src/': new URL('../client/src/', import.meta.url),
};

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  png: 'image/png',
  ts: 'text/javascript; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
};

/**
 * Makes the function that reads files by their paths. A file is read
 * once; while a developer changes it, `fresh` reads it each time.
 */
export function createPageFiles(fresh: boolean): ReadAsset {
  const known = new Map<string, Promise<Asset | undefined>>();
  return (path) => {
    const cached = fresh ? undefined : known.get(path);
    if (cached) return cached;
    const reading = read(path);
    if (known.size < MAX_KNOWN) known.set(path, reading);
    return reading;
  };
}

/** How many files are remembered: more than there are. Paths that lead to none come from anybody. */
const MAX_KNOWN = 200;

async function read(path: string): Promise<Asset | undefined> {
  const [, folder = '', name = '', suffix = ''] = /^(.*\/)([\w-]+\.([a-z]+))$/.exec(path) ?? [];
  const [base, type] = [FOLDERS[folder], TYPES[suffix]];
  if (!base || !type) return undefined;
  const text = await readFile(new URL(name, base), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  return { type, bytes: new TextEncoder().encode(suffix === 'ts' ? toJavaScript(text) : text) };
}

/** Takes the types out. */
function toJavaScript(text: string): string {
  const { emitWarning } = process;
  process.emitWarning = () => {}; // the function is experimental in Node, and says so at its first use
  try {
    return stripTypeScriptTypes(text);
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** Reads a file of Swagger UI from its package. The name must be one of those that are served. */
export const readSwaggerFile: ReadAsset = async (name) => {
  const type = TYPES[name.split('.').at(-1) ?? ''];
  if (type === undefined) return undefined;
  const folder = new URL('.', import.meta.resolve('swagger-ui-dist/package.json'));
  return { type, bytes: new Uint8Array(await readFile(new URL(name, folder))) };
};
