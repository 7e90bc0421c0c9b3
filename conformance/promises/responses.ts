/** Promises to the clients of others: the openai SDK on `/v1`, and the AI SDK on `/api/chat`. */
import { type Check, must, notJudged, show } from '../check.ts';
import type { Deployment } from '../deployment.ts';
import type { Answer, Http } from '../http.ts';
import { notes } from '../jobs.ts';
import { openStream, type Recording, type StreamEvent } from '../stream.ts';

const MODEL = 'generate-flashcards';

/** What all of these checks are broken by first. */
const CHANGED = 'a proxy does not pass on this address, or changes or cuts the stream';

/** Each check has a job of its own, of one card. */
export const responses: Check<Deployment>[] = [
  {
    id: 'responses',
    promise: 'For the openai SDK a job is a Response: its stream is numbered without gaps, is its text, and goes on after any number.',
    async run({ http, jobs }) {
      const body = { model: MODEL, input: notes(), metadata: { count: '1' }, background: true, stream: true };
      const made = await jobs.submitStream(body, {}, '/v1/responses');
      mustBeTaken(made);
      const events = await allOf(made, http.patienceMs);
      const id = idOf(events[0]);
      if (id !== undefined) jobs.remember(id.replace('resp_', ''));
      const openAfter = (number: number) => openStream(http, `/v1/responses/${id}?stream=true&starting_after=${number}`);
      await goOn(http, events, isEnded, async () => events.push(...(await allOf(openAfter(events.length - 1), http.patienceMs))));
      mustBeNumbered(events, 0);
      const last = events.at(-1)?.data['type'];
      if (last === 'response.failed') return notJudged('its job failed');
      must(last === 'response.completed', { expected: 'response.completed at the end', seen: show(last), cause: CHANGED });
      const text = events.map(({ data }) => (data['type'] === 'response.output_text.delta' ? String(data['delta']) : '')).join('');
      const whole = textOf(await http.ask(`/v1/responses/${id}`));
      must(text === whole, { expected: `the text that the deltas give: ${show(text)}`, seen: show(whole), cause: CHANGED });
      const cursor = Math.floor(events.length / 2);
      const rest = await allOf(openAfter(cursor), http.patienceMs);
      mustBeNumbered(rest, cursor + 1);
      must(rest.length === events.length - cursor - 1, {
        expected: `${events.length - cursor - 1} events after number ${cursor}`,
        seen: String(rest.length),
        cause: CHANGED,
      });
      return `${events.length} events, and ${rest.length} after number ${cursor}`;
    },
  },
  {
    id: 'responses-errors',
    promise: 'On /v1 an error is in the form of OpenAI, with x-should-retry, so that the SDK tells it and does not try in vain.',
    async run({ http }) {
      const { status, headers, json, text } = await http.ask('/v1/responses/resp_of-nobody');
      const { error } = json as { error?: { message?: unknown; param?: unknown } };
      must(status === 404 && typeof error?.message === 'string' && error.param === 'id', {
        expected: '404 with error.message and error.param',
        seen: `${status}, ${show(text)}`,
        cause: 'a proxy puts a page of its own in the place of errors',
      });
      const retry = headers.get('x-should-retry');
      must(retry === 'false', { expected: 'x-should-retry: false', seen: show(retry ?? 'none'), cause: 'a proxy strips the header' });
      return '404 as OpenAI has it';
    },
  },
  {
    id: 'chats',
    promise: 'For the AI SDK a job is a message that is streamed to its finish, and is replayed to a page that comes back.',
    async run({ http, jobs }) {
      const [id, messages] = [crypto.randomUUID(), [{ id: 'one', role: 'user', parts: [{ type: 'text', text: notes() }] }]];
      const body = { id, trigger: 'submit-message', messages, count: 1 };
      const made = await jobs.submitStream(body, {}, `/api/chat/${MODEL}`);
      mustBeTaken(made);
      const chunks = await allOf(made, http.patienceMs);
      const openAgain = () => openStream(http, `/api/chat/${MODEL}/${id}/stream`);
      const replay = async () => void chunks.splice(0, Infinity, ...(await allOf(openAgain(), http.patienceMs)));
      await goOn(http, chunks, isFinished, replay);
      const { type, messageId } = chunks[0]?.data ?? {};
      must(type === 'start' && typeof messageId === 'string', {
        expected: 'start, with a messageId',
        seen: show(chunks[0]?.data),
        cause: CHANGED,
      });
      jobs.remember(messageId);
      const version = made.headers.get('x-vercel-ai-ui-message-stream');
      must(version === 'v1', {
        expected: 'x-vercel-ai-ui-message-stream: v1',
        seen: show(version ?? 'none'),
        cause: 'a proxy strips the header',
      });
      must(chunks.at(-1)?.data['type'] === 'finish', {
        expected: 'finish at the end',
        seen: show(chunks.at(-1)?.data['type']),
        cause: CHANGED,
      });
      const again = await allOf(openAgain(), http.patienceMs);
      const [first, second] = [chunks, again].map((all) => JSON.stringify(all.map(({ data }) => data)));
      must(first === second, { expected: `the same again: ${show(first)}`, seen: show(second), cause: CHANGED });
      return `${chunks.length} chunks, twice`;
    },
  },
];

function mustBeTaken({ status }: { status: number }): void {
  must(status === 200, { expected: '200', seen: String(status), cause: CHANGED });
}

const isEnded = ({ data }: StreamEvent) => data['type'] === 'response.completed' || data['type'] === 'response.failed';
const isFinished = ({ data }: StreamEvent) => data['type'] === 'finish';

/** Asks for what is missing for as long as a stream was cut before its end, as the SDKs do, and the time is not over. */
async function goOn(
  http: Http,
  events: StreamEvent[],
  isLast: (event: StreamEvent) => boolean,
  ask: () => Promise<unknown>,
): Promise<void> {
  const deadline = performance.now() + http.patienceMs;
  while (events.length > 0 && !events.some(isLast) && performance.now() < deadline) await ask();
}

/** Reads a stream until the server closes it. Resolves with its events; the AI SDK's last line is none. */
async function allOf(recording: Recording, patienceMs: number): Promise<StreamEvent[]> {
  await recording.until(() => false, patienceMs);
  recording.leave();
  return recording.events().filter(({ data }) => data['notJson'] !== '[DONE]');
}

function mustBeNumbered(events: StreamEvent[], first: number): void {
  const numbers = events.map(({ data }) => data['sequence_number']);
  const expected = events.map((_, n) => first + n);
  must(JSON.stringify(numbers) === JSON.stringify(expected), {
    expected: `numbers without a gap from ${first} on`,
    seen: show(numbers),
    cause: CHANGED,
  });
}

function idOf(event: StreamEvent | undefined): string | undefined {
  const { id } = (event?.data['response'] ?? {}) as { id?: unknown };
  return typeof id === 'string' ? id : undefined;
}

function textOf({ json }: Answer): string {
  const { output } = json as { output?: { content?: { text?: string }[] }[] };
  return (output ?? [])
    .flatMap(({ content }) => content ?? [])
    .map(({ text }) => text ?? '')
    .join('');
}
