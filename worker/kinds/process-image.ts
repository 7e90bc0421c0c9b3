/** The handler for images: one reading, which is kept if another job is still to be made of it. */
import { ProblemError } from '../../src/job/problem.ts';
import type { processImage } from '../../src/kinds/process-image.ts';
import type { ImageTextResult } from '../capabilities.ts';
import type { Context, Handler } from '../handler.ts';

/** What is kept of a reading that a vendor does in the background. */
const STARTED = 'started';

export const readImage: Handler<typeof processImage> = async ({ languages, then }, context) =>
  then ? context.once('text', () => read(languages, context)) : read(languages, context);

async function read(languages: readonly string[], context: Context<typeof processImage>): Promise<ImageTextResult> {
  await context.stage('reading', 10);
  const started = context.field(STARTED);
  const found = await context.work(
    {
      image: await context.file('image'),
      languages,
      started: typeof started === 'string' ? started : undefined,
      keepStarted: (reference) => context.keepField(STARTED, reference),
    },
    context.report,
    context.signal,
  );
  if (!/[\p{L}\p{N}]/u.test(found.text)) throw new ProblemError('content_unusable', 'There is no text in the image that can be read.');
  context.answered();
  return found;
}
