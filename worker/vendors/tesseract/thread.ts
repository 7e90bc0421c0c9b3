/** The code of a thread that reads images with tesseract.js: it takes one order at a time. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { parentPort } from 'node:worker_threads';
import { gunzipSync } from 'node:zlib';

/** What the thread is asked: a PNG, and the languages by the names of their data, such as `deu`. */
export type ReadOrder = { image: Uint8Array; languages: readonly string[] };

/**
 * It answers with the paragraphs, each as its lines. A line has its words. Confidence is in
 * percent.
 */
export type ReadLine = ReadWord & { words: ReadWord[] };
export type ReadWord = { text: string; confidence: number; bbox: { x0: number; y0: number; x1: number; y1: number } };

/** A page as tesseract.js dumps it; only a part of it is answered. */
type Page = { text: string; blocks: { paragraphs: { lines: ReadLine[] }[] }[] | null };

/**
 * The part of tesseract.js that runs in a thread. Its own way to start that thread is not used: it
 * takes language data from one folder only, or from the network, and if the thread dies it ends the
 * whole process.
 */
type Script = {
  dispatchHandlers(packet: { jobId: string; action: string; payload: object }, send: (reply: Reply) => void): void;
  setAdapter(adapter: object): void;
};
type Reply = { status: 'resolve' | 'reject' | 'progress'; data: unknown };

const require = createRequire(import.meta.url);
const script = require('tesseract.js/src/worker-script/index.js') as Script;

script.setAdapter({
  getCore: require('tesseract.js/src/worker-script/node/getCore.js') as unknown,
  gunzip: gunzipSync,
  /** Reads a language's data from its npm package. `path` ends with the language's name. */
  readCache(path: string) {
    const [, language = ''] = /(\w+)\.traineddata$/.exec(path) ?? [];
    return readFile(require.resolve(`@tesseract.js-data/${language}/4.0.0_best_int/${language}.traineddata.gz`));
  },
});

function call(action: string, payload: object): Promise<unknown> {
  return new Promise((resolve, reject) => {
    script.dispatchHandlers({ jobId: action, action, payload }, ({ status, data }) => {
      if (status === 'resolve') resolve(data);
      else if (status === 'reject') reject(new Error(String(data)));
    });
  });
}

/** The engine that uses neural networks. */
const LSTM_ONLY = 1;

/** Finds columns, blocks and lines by itself; or takes the image for one block of text. */
const AUTO = '3';
const SINGLE_BLOCK = '6';

let languagesNow = '';

/** Loads the data of languages. The thread keeps what it has loaded. */
async function prepare(languages: readonly string[]): Promise<void> {
  const wanted = languages.join('+');
  if (languagesNow === wanted) return;
  if (languagesNow === '') await call('load', { options: { lstmOnly: true, logging: false } });
  languagesNow = '';
  await call('loadLanguage', { langs: languages, options: { cacheMethod: 'readOnly', lstmOnly: true } });
  await call('initialize', { langs: wanted, oem: LSTM_ONLY, config: {} });
  languagesNow = wanted;
}

/** On an image of low contrast the automatic mode finds no block at all; then it is read as one. */
async function read({ image, languages }: ReadOrder): Promise<Page> {
  await prepare(languages);
  const recognize = (mode: string) =>
    call('recognize', { image, options: { tessedit_pageseg_mode: mode }, output: { text: true, blocks: true } }) as Promise<Page>;
  const page = await recognize(AUTO);
  return page.text.trim() === '' ? recognize(SINGLE_BLOCK) : page;
}

function paragraphsOf({ blocks }: Page): ReadLine[][] {
  const word = ({ text, confidence, bbox }: ReadWord): ReadWord => ({ text: text.trim(), confidence, bbox });
  const paragraphs = (blocks ?? []).flatMap((block) => block.paragraphs);
  return paragraphs.map(({ lines }) => lines.map((line) => ({ ...word(line), words: line.words.map(word) })));
}

parentPort?.on('message', (order: ReadOrder) => {
  // An image that can't be read ends the thread, which its owner sees.
  void read(order).then((page) => parentPort?.postMessage(paragraphsOf(page)));
});
