/** Promises about how a stream begins: its headers and its first bytes. */
import { type Check, must, show } from '../check.ts';
import type { Deployment } from '../deployment.ts';
import { isPadding, isPing, nameOf, openStream } from '../stream.ts';
import { completeStream } from '../watch.ts';

/** The least length of the padding, in characters. */
const PADDING = 1024;

/** The checks of this group. */
export const beginnings: Check<Deployment>[] = [
  {
    id: 'stream-headers',
    promise: 'A stream is text/event-stream that nobody may store, change or guess the type of.',
    async run({ jobs }) {
      const { status, headers } = await (await jobs.watched()).stream.head;
      must(status === 200, { expected: '200', seen: String(status) });
      const wanted = {
        'content-type': /^text\/event-stream/,
        'cache-control': /no-store.*no-transform/,
        'x-content-type-options': /^nosniff$/,
      };
      for (const [name, value] of Object.entries(wanted)) {
        const seen = `${name}: ${headers.get(name) ?? 'absent'}`;
        must(value.test(headers.get(name) ?? ''), {
          expected: `${name} like ${value.source}`,
          seen,
          cause: 'a proxy sets or strips this header',
        });
      }
      return String(headers.get('content-type'));
    },
  },
  {
    id: 'stream-plain',
    promise: 'A stream is never compressed, whatever encodings the client takes.',
    async run({ jobs, http }) {
      const { job } = await jobs.watched();
      const stream = openStream(http, job.streamUrl, { headers: { 'accept-encoding': 'gzip, deflate, br' } });
      const { headers } = await stream.head;
      stream.leave();
      const encoding = headers.get('content-encoding');
      must(encoding === null || encoding === 'identity', {
        expected: 'no Content-Encoding',
        seen: `Content-Encoding: ${encoding}`,
        cause: 'a proxy compresses in spite of no-transform, and may hold events back; switch compression off for text/event-stream',
      });
      return 'no Content-Encoding';
    },
  },
  {
    id: 'stream-start',
    promise: 'A stream begins with padding of 1 KiB, then retry, then a status.',
    async run({ jobs, http }) {
      const { frames } = await completeStream(await jobs.watched(), http);
      const [padding, retry, status] = frames.filter((frame, place) => place === 0 || !isPing(frame));
      const padded = padding?.type === 'comment' && padding.text.length >= PADDING && isPadding(padding);
      const seen = show(frames.slice(0, 3).map(nameOf));
      must(padded, { expected: 'a comment of 1 KiB first', seen, cause: 'a proxy takes comments out of streams' });
      must(retry?.type === 'retry' && retry.ms > 0, { expected: 'retry second', seen, cause: 'a proxy takes fields out of streams' });
      must(status?.type === 'event' && status.event === 'status', {
        expected: 'a status third',
        seen,
        cause: 'a proxy takes events out of streams',
      });
      return `padding, retry ${retry.ms}, status ${show(status.data['status'])}`;
    },
  },
  {
    id: 'stream-head',
    promise: 'A HEAD request for a stream gets the headers alone, and an end.',
    async run({ jobs, http }) {
      const { job } = await jobs.watched();
      const { status, headers, text } = await http.ask(job.streamUrl, { method: 'HEAD' });
      const type = headers.get('content-type') ?? 'no Content-Type';
      must(status === 200 && type.startsWith('text/event-stream') && text === '', {
        expected: '200, text/event-stream and no body',
        seen: `${status}, ${type}, ${show(text)}`,
        cause: 'a proxy answers HEAD itself, or makes a GET of it',
      });
      return '200';
    },
  },
];
