/** The worker as a process in which image jobs stop for ever before or after their child was made (HOLD): a test kills it there. */
import { createLog } from '../../src/log.ts';
import { processImage } from '../../src/kinds/process-image.ts';
import { readConfig, runProcess } from '../../src/process.ts';
import { implement, type Implementation } from '../../worker/handler.ts';
import { implementations } from '../../worker/kinds/index.ts';
import { readImage } from '../../worker/kinds/process-image.ts';
import { startWorker } from '../../worker/start.ts';
import { vendors } from '../../worker/vendors/index.ts';

const config = readConfig(process.env, 'worker', vendors);
const log = await createLog('worker', config.logLevel);

/** Stops when the image is read. */
const before = implement(processImage, async (input, context) => {
  await readImage(input, context);
  await context.stage('held', 50);
  return new Promise(() => {});
});

/** Stops the whole process when the result is written, which comes after the child and its row. */
const holdAtResult = {
  parse: (value: object) => ({ ...value, toJSON: () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0) }),
};
const usual = implement(processImage, readImage);
const after = { ...usual, kind: { ...processImage, result: holdAtResult } } as unknown as Implementation;

const held = process.env['HOLD'] === 'after' ? after : before;
const options = {
  config,
  log,
  version: 'test',
  vendors,
  implementations: implementations.map((one) => (one.kind.name === processImage.name ? held : one)),
};
await runProcess(log, config.stop.graceMs + 5000, (parts, fail) => startWorker(options, parts, fail));
