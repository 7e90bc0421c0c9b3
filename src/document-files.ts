/** The documents of the handbook as agents read them, from the files of this repository. */
import { readFile } from 'node:fs/promises';
import type { Asset, ReadAsset } from './http/asset.ts';
import { llmsFull, llmsIndex, type Served, servedDocuments, withAddresses } from './llms-text.ts';

const ROOT = new URL('../', import.meta.url);

/**
 * Makes the function that reads a document by the path of its address. They are read once; while a
 * developer changes them, `fresh` reads them each time. There is none where the files are not.
 */
export function createDocumentFiles(fresh: boolean): ReadAsset {
  let known: Promise<ReadonlyMap<string, Asset>> | undefined;
  return async (path) => {
    if (fresh || !known) known = readAll();
    return (await known).get(path);
  };
}

async function readAll(): Promise<ReadonlyMap<string, Asset>> {
  const served = servedDocuments(await readText('wrangler-free-README.md'));
  const texts = await Promise.all(served.map(async (one) => ({ address: one.address, text: await readOf(one, served) })));
  const found = texts.filter(({ text }) => text !== '');
  if (found.length === 0) return new Map();
  const addresses = new Set(found.map(({ address }) => address));
  const index = llmsIndex(served.filter(({ address }) => addresses.has(address)));
  return new Map([
    ['/llms.txt', toAsset(index, 'text/plain')],
    ['/llms-full.txt', toAsset(llmsFull(found), 'text/plain')],
    ...found.map(({ address, text }) => [address, toAsset(text, 'text/markdown')] as const),
  ]);
}

async function readOf({ path }: Served, served: readonly Served[]): Promise<string> {
  return withAddresses(await readText(path), path, served);
}

/** A file's text; '' if it is not there. */
const readText = (path: string): Promise<string> => readFile(new URL(path, ROOT), 'utf8').catch(() => '');

const toAsset = (text: string, type: string): Asset => ({ type: `${type}; charset=utf-8`, bytes: new TextEncoder().encode(text) });
