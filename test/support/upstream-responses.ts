/** A local server that speaks OpenAI's Responses over real HTTP, as a test tells it to. Responses go on without a connection. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { onTestFinished } from 'vitest';

type Event = Record<string, any> & { type: string; sequence_number: number };

/** What a test's answer is written with. */
export type Writer = {
  /** Begins a message, and its text. */
  message(): void;
  text(piece: string): void;
  /** Ends what is open. */
  end(): void;
  /** Sends an event as it is, its number apart. */
  event(event: Record<string, unknown> & { type: string }): void;
  /** Notes an item of the output without an event. */
  push(item: Record<string, unknown>): void;
  /** A whole function call, its arguments in pieces. */
  call(name: string, ...pieces: string[]): void;
  /** Ends the response. */
  finish(status?: 'completed' | 'incomplete' | 'failed', more?: object): void;
  /** Breaks all connections of the response. It goes on. */
  cut(): void;
};

/** A request as the server received it. */
export type Received = { method: string; path: string; body: Record<string, any> };

/** How a response is written: `n` counts from 1. */
export type Script = (writer: Writer, body: Record<string, any>, n: number) => unknown;

/** One response of the server. */
class Made {
  readonly events: Event[] = [];
  readonly output: Record<string, any>[] = [];
  readonly streams = new Set<ServerResponse>();
  readonly id: string;
  readonly #body: Record<string, any>;
  status = 'queued';
  more: object = {};

  constructor(n: number, body: Record<string, any>) {
    this.id = `resp_up${n}`;
    this.#body = body;
  }

  /** The response as it is. */
  object(): Record<string, unknown> {
    const { model, background = false } = this.#body;
    const { id, status, output } = this;
    const usage = {
      input_tokens: 11,
      input_tokens_details: { cached_tokens: 3 },
      output_tokens: 7,
      output_tokens_details: { reasoning_tokens: 2 },
      total_tokens: 18,
    };
    const isOver = ['completed', 'incomplete', 'failed'].includes(status);
    return {
      id,
      object: 'response',
      created_at: 1,
      status,
      background,
      model,
      output,
      error: null,
      incomplete_details: null,
      usage: isOver ? usage : null,
      ...this.more,
    };
  }

  push(event: Record<string, unknown> & { type: string }): void {
    const numbered = structuredClone({ ...event, sequence_number: this.events.length });
    this.events.push(numbered);
    for (const stream of this.streams) send(stream, numbered);
  }

  writer(): Writer {
    const { output } = this;
    const at = () => ({ item_id: output.at(-1)?.['id'], output_index: output.length - 1 });
    const begin = (item: Record<string, any>) => {
      output.push(item);
      this.push({ type: 'response.output_item.added', output_index: output.length - 1, item });
    };
    const part = () => output.at(-1)?.['content'].at(-1);
    return {
      message: () => {
        begin({ id: `msg_up${output.length}`, type: 'message', status: 'in_progress', role: 'assistant', content: [] });
        output.at(-1)?.['content'].push({ type: 'output_text', text: '', annotations: [], logprobs: [] });
        this.push({ type: 'response.content_part.added', ...at(), content_index: 0, part: part() });
      },
      text: (piece) => {
        part().text += piece;
        this.push({ type: 'response.output_text.delta', ...at(), content_index: 0, delta: piece, logprobs: [], obfuscation: 'x' });
      },
      end: () => {
        this.push({ type: 'response.output_text.done', ...at(), content_index: 0, text: part().text, logprobs: [] });
        this.push({ type: 'response.content_part.done', ...at(), content_index: 0, part: part() });
        Object.assign(output.at(-1) ?? {}, { status: 'completed' });
        this.push({ type: 'response.output_item.done', output_index: output.length - 1, item: output.at(-1) });
      },
      event: (event) => this.push({ ...at(), ...event }),
      push: (item) => void output.push(item),
      call: (name, ...pieces) => {
        begin({
          id: `fc_up${output.length}`,
          type: 'function_call',
          status: 'in_progress',
          call_id: `call_${output.length}`,
          name,
          arguments: '',
        });
        for (const delta of pieces) {
          (output.at(-1) ?? {})['arguments'] += delta;
          this.push({ type: 'response.function_call_arguments.delta', ...at(), delta });
        }
        this.push({ type: 'response.function_call_arguments.done', ...at(), arguments: pieces.join('') });
        Object.assign(output.at(-1) ?? {}, { status: 'completed' });
        this.push({ type: 'response.output_item.done', output_index: output.length - 1, item: output.at(-1) });
      },
      finish: (status = 'completed', more = {}) => {
        this.status = status;
        this.more = more;
        this.push({ type: `response.${status}`, response: this.object() });
        for (const stream of this.streams) stream.end();
      },
      cut: () => {
        for (const stream of this.streams) stream.destroy();
      },
    };
  }
}

function send(stream: ServerResponse, event: Event): void {
  stream.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
}

/** What a test knows of the server. */
export type ResponsesServer = {
  env: Record<string, string>;
  /** All requests. */
  received: Received[];
  /** How many responses were made. */
  made(): number;
  /** Whether streams of what was made before are served; else they are refused, as OpenAI does after five minutes. */
  streams: boolean;
};

/** Starts the server; it stops with the test. */
export async function startResponses(script: Script): Promise<ResponsesServer> {
  const all = new Map<string, Made>();
  const received: Received[] = [];
  const state = { env: {} as Record<string, string>, received, made: () => all.size, streams: true };

  const follow = (made: Made, response: ServerResponse, after: number): void => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const event of made.events) if (event.sequence_number > after) send(response, event);
    if (!['queued', 'in_progress'].includes(made.status)) return void response.end();
    made.streams.add(response);
    response.once('close', () => made.streams.delete(response));
  };
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const url = new URL(request.url ?? '', 'http://local');
    const text = Buffer.concat(chunks).toString();
    const body = (text === '' ? {} : JSON.parse(text)) as Record<string, any>;
    received.push({ method: request.method ?? '', path: url.pathname + url.search, body });
    const answer = (status: number, value: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    const [, id = '', action] = /^\/v1\/responses\/([^/]+)(?:\/(\w+))?$/.exec(url.pathname) ?? [];
    if (request.method === 'POST' && url.pathname === '/v1/responses') {
      const made = new Made(all.size + 1, body);
      all.set(made.id, made);
      made.push({ type: 'response.created', response: made.object() });
      made.status = 'in_progress';
      made.push({ type: 'response.in_progress', response: made.object() });
      follow(made, response, -1);
      return void (await script(made.writer(), body, all.size));
    }
    const made = all.get(id);
    if (!made) return void answer(404, { error: { message: 'no such response', type: 'invalid_request_error', code: null, param: 'id' } });
    if (action === 'cancel') {
      if (['queued', 'in_progress'].includes(made.status)) made.status = 'cancelled';
      for (const stream of made.streams) stream.end();
      return void answer(200, made.object());
    }
    if (url.searchParams.get('stream') !== 'true') return void answer(200, made.object());
    if (!state.streams)
      return void answer(400, { error: { message: 'can no longer be streamed', type: 'invalid_request_error', code: null, param: null } });
    follow(made, response, Number(url.searchParams.get('starting_after') ?? -1));
  };
  const server = createServer((request, response) => {
    void serve(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  const { port } = server.address() as { port: number };
  state.env = {
    AI_PROVIDER: 'openai',
    OPENAI_API_KEY: 'sk-test',
    OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1`,
    OPENAI_API: 'responses',
    RESPONSE_MODELS: 'gpt-5.4-mini,gpt-5.4',
  };
  return state;
}
