/**
 * Completions and objects of the AI SDK: `useCompletion` and `useObject` submit here, and the answer
 * is the result's JSON as it grows.
 */
import { Hono, type Context } from 'hono';
import { z } from 'zod';
import type { Kind } from '../../kinds/kind.ts';
import type { GrowingList } from '../../stream/growing-json.ts';
import { PADDING } from '../../stream/sse-encoding.ts';
import { textFraming, textStart } from '../../stream/text-framing.ts';
import { chunkFrame, startChunk } from '../../stream/ui-message-chunks.ts';
import { readCompletion, readObject } from '../ai-sdk-input.ts';
import { createKindFinder, createSubmit, type ReadBody } from '../ai-sdk-submission.ts';
import { answerInFraming, TEXT_HEADERS, UI_MESSAGE_HEADERS } from '../ai-sdk-stream.ts';
import type { AppDeps } from '../app-deps.ts';
import type { AppEnv } from '../context.ts';

/** `POST /api/completion/:kindName` (`?protocol=text`) and `POST /api/object/:kindName`. */
export function aiSdkTextRoutes(deps: AppDeps): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  const withKind = createKindFinder(deps, (kind) => {
    const submit = createSubmit(kind, deps);
    const framings = { plain: textFraming('plain', growingListOf(kind)), chunks: textFraming('chunks', growingListOf(kind)) };
    return (c: Context<AppEnv>, form: 'plain' | 'chunks', readBody: ReadBody) =>
      submit(c, readBody, {
        answer: ({ job: { id: jobId } }, _request, place) => {
          const opening = PADDING + chunkFrame(startChunk({ jobId, kind: kind.name, cancelUrl: `/api/jobs/${jobId}/cancel` }));
          const head =
            form === 'plain'
              ? { opening: ' ', headers: TEXT_HEADERS } // the head goes out with the first byte
              : { opening: opening + chunkFrame(textStart), headers: UI_MESSAGE_HEADERS };
          return answerInFraming(c, deps, { jobId, framing: framings[form], ...head, place });
        },
      });
  });
  app.post('/api/completion/:kindName', (c) =>
    withKind(c, ({ made }) => made(c, c.req.query('protocol') === 'text' ? 'plain' : 'chunks', readCompletion)),
  );
  app.post('/api/object/:kindName', (c) => withKind(c, ({ made }) => made(c, 'plain', readObject)));
  return app;
}

/** Where the first list of a kind is in its result; undefined for a kind without lists. */
function growingListOf({ lists = [], result }: Kind): GrowingList | undefined {
  const [list] = lists;
  if (list === undefined) return undefined;
  if (Object.hasOwn(result.shape, list)) return { list };
  const within = Object.entries(result.shape).find(([, inner]) => inner instanceof z.ZodObject && Object.hasOwn(inner.shape, list))?.[0];
  return within === undefined ? undefined : { list, within };
}
