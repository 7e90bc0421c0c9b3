/** Answers as OpenAI's models do that speak in a chat: a stream of raw sound and of the words that are said. */
import type { ServerResponse } from 'node:http';
import type { Answerer, VendorCall } from './vendor-server.ts';

/** What is said. `transcript`: the text that was asked for, unless it says something else. */
export type Said = {
  transcript?: string;
  pcm?: Uint8Array;
  finish?: string;
  usage?: object | false;
  /** How many characters or bytes go into a chunk. */
  chunk?: number;
};

/** The text that a call asks for. */
export const textOf = (call: VendorCall): string => String(call.json()['messages'].at(-1).content);

/** Sound of so many ms. */
export const sound = (ms: number): Uint8Array => new Uint8Array(Math.round(ms * 24) * 2).fill(1);

const USAGE = {
  prompt_tokens: 200,
  completion_tokens: 30,
  prompt_tokens_details: { audio_tokens: 0 },
  completion_tokens_details: { audio_tokens: 20, text_tokens: 10 },
};

/** Says a text. */
export function sayInChat(response: ServerResponse, call: VendorCall, said: Said = {}): void {
  const { transcript = textOf(call), pcm = sound(1000), finish = 'stop', usage = USAGE, chunk = 4000 } = said;
  const send = (body: object) => response.write(`data: ${JSON.stringify({ object: 'chat.completion.chunk', ...body })}\n\n`);
  const delta = (audio: object) => send({ choices: [{ index: 0, delta: { audio }, finish_reason: null }] });
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (let at = 0; at < transcript.length; at += chunk) delta({ transcript: transcript.slice(at, at + chunk) });
  for (let at = 0; at < pcm.length; at += chunk) delta({ data: Buffer.from(pcm.subarray(at, at + chunk)).toString('base64') });
  if (finish !== '') send({ choices: [{ index: 0, delta: {}, finish_reason: finish }] });
  if (usage !== false) send({ choices: [], usage });
  response.end('data: [DONE]\n\n');
}

/** Says each text as it is asked for, or what `said` makes of it. */
export const speakInChat =
  (said: (call: VendorCall, n: number) => Said = () => ({})): Answerer =>
  (response, call, n) =>
    sayInChat(response, call, said(call, n));
