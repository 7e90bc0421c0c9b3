/** The files of Swagger UI, read from its package when they are asked for. */
import { readFile } from 'node:fs/promises';
import type { ReadAsset } from './http/asset.ts';

const TYPES: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  png: 'image/png',
};

/** Reads a file of the package. The name must be one of those that are served. */
export const readSwaggerFile: ReadAsset = async (name) => {
  const type = TYPES[name.split('.').at(-1) ?? ''];
  if (type === undefined) return undefined;
  const folder = new URL('.', import.meta.resolve('swagger-ui-dist/package.json'));
  return { type, bytes: new Uint8Array(await readFile(new URL(name, folder))) };
};
