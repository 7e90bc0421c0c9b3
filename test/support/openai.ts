/** A local server that speaks OpenAI's streamed chat completions over real HTTP, as a test tells it to. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { onTestFinished } from 'vitest';
import { pass } from './waits.ts';

/** A call as the server received it. */
export type Call = {
  body: Record<string, any>;
  /** What the user message holds: our material. */
  material: Record<string, any>;
  headers: IncomingMessage['headers'];
  /** Resolves when the client has gone before the answer's end. */
  dropped: Promise<void>;
  /** Resolves when the answer is over, whoever ended it. */
  over: Promise<void>;
  /** How many pieces of text it was sent, until it went. */
  sent(): number;
};

/** As a server says it: tests send what no sound server would. */
type TokenCount = { prompt_tokens: any; completion_tokens: any };

/** What a test's answer is written with. */
export type Pen = {
  /** Sends a piece of the answer's text. */
  text(piece: string): void;
  /** Sends a piece of the model's thinking, as servers do that show it. */
  thought(piece: string): void;
  refusal(piece: string): void;
  /** Sends a piece of a function call. */
  call(piece: { index: number; id?: string; function: { name?: string; arguments?: string } }): void;
  /** Says what it took so far. */
  usage(usage: TokenCount): void;
  /** Says why the answer is over, and what it took. */
  finish(reason: string, usage?: TokenCount): void;
  /** Answers with an error instead. */
  fail(status: number, body: object, headers?: Record<string, string>): void;
  /** Sends bytes as they are, as part of a stream of events. */
  raw(text: string): void;
  /** Answers with these bytes alone. */
  whole(text: string, headers?: Record<string, string>): void;
  /** Breaks the connection. */
  cut(): void;
};

/** How a call is answered: `n` counts from 1. */
export type Answer = (pen: Pen, call: Call, n: number) => unknown;

/** Starts the server; it stops with the test. */
export async function startOpenAI(answer: Answer): Promise<{ baseURL: string; calls: Call[]; env: Record<string, string> }> {
  const calls: Call[] = [];
  const server = createServer((request, response) => {
    void serve(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, any>;
    const dropped = new Promise<void>((resolve) => response.once('close', () => !response.writableFinished && resolve()));
    const said = textOf(body['messages'].at(-1).content);
    // Where a model takes no instructions of a system, they stand before the material.
    const material = materialIn(said.slice(said.lastIndexOf('\n{') + 1));
    const over = new Promise<void>((resolve) => response.once('close', resolve));
    let sent = 0;
    const call = { body, material, headers: request.headers, dropped, over, sent: () => sent };
    calls.push(call);
    await answer(
      createPen(response, () => sent++),
      call,
      calls.length,
    );
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  const address = server.address();
  const baseURL = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/v1`;
  return { baseURL, calls, env: { AI_PROVIDER: 'openai', OPENAI_API_KEY: 'sk-test', OPENAI_BASE_URL: baseURL } };
}

/** Our material; nothing where the message is a prompt of somebody else. */
function materialIn(text: string): Record<string, any> {
  try {
    return JSON.parse(text) as Record<string, any>;
  } catch {
    return {};
  }
}

/** The text of a message, which may come with an image. */
function textOf(content: string | { type: string; text?: string }[]): string {
  return typeof content === 'string' ? content : (content.find(({ type }) => type === 'text')?.text ?? '');
}

function createPen(response: ServerResponse, onText: () => void): Pen {
  const send = (chunk: object) => {
    if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(`data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 1, model: 'local', ...chunk })}\n\n`);
  };
  const say = (delta: object): void => {
    if (!response.destroyed) onText();
    choice(delta);
  };
  const choice = (delta: object, finish_reason: string | null = null) => send({ choices: [{ index: 0, delta, finish_reason }] });
  const usage = (used: TokenCount) => send({ choices: [], usage: { ...used, total_tokens: used.prompt_tokens + used.completion_tokens } });
  return {
    text: (content) => say({ content }),
    thought: (reasoning_content) => say({ reasoning_content }),
    refusal: (refusal) => say({ refusal }),
    call: (piece) => say({ tool_calls: [piece] }),
    usage,
    finish(reason, used) {
      choice({}, reason);
      if (used) usage(used);
      response.end('data: [DONE]\n\n');
    },
    fail(status, body, headers = {}) {
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
    },
    raw(text) {
      if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/event-stream' });
      if (!response.destroyed) response.write(text);
    },
    whole(text, headers = {}) {
      response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(text);
    },
    cut: () => response.destroy(),
  };
}

/** A card as the tests' models write them. */
export const card = (n: number) => ({ front: `front ${n}`, back: `back ${n}` });

/** The whole answer for some cards, in pieces: the opening, each card, the close. */
export function pieces(cards: unknown[]): { open: string; cards: string[]; close: string } {
  return { open: '{"flashcards":[', cards: cards.map((value, index) => (index > 0 ? ',' : '') + JSON.stringify(value)), close: ']}' };
}

/** Answers every call at once with the cards it asks for, or with the given ones. */
export const answerWith =
  (cards?: unknown[]): Answer =>
  (pen, call) => {
    const made =
      cards ?? Array.from({ length: Number(call.material['count']) }, (_, n) => card(n + call.material['alreadyAsked'].length + 1));
    const { open, cards: texts, close } = pieces(made);
    pen.text(open + texts.join('') + close);
    pen.finish('stop', { prompt_tokens: 100, completion_tokens: 10 * made.length });
  };

/** Goes on and on, a piece each `ms`, until the client has gone. */
export async function endless(call: Call, write: (n: number) => void, ms = 5): Promise<void> {
  let gone = false;
  void call.dropped.then(() => (gone = true));
  for (let n = 0; !gone; n++) {
    write(n);
    await pass(ms);
  }
}

/** Something that happens once, when a test says so. */
export function latch(): { wait: Promise<void>; open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { wait: promise, open: resolve };
}
