/** A local server that speaks as Amazon Polly over HTTP: it checks the signature, and answers with sound as long as the text. */
import { createHash, createHmac } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { type Answerer, sendJson, startVendorServer, type VendorCall, type VendorServer } from './vendor-server.ts';

/** The keys that the server knows. */
export const POLLY_KEYS = { AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'made/up+secret' };

/** How many bytes of sound a character has: 1 ms. */
const BYTES_PER_CHARACTER = 32;

/** Starts the server. Without `answer` it speaks. */
export async function startPolly(answer: Answerer = speak): Promise<VendorServer & { env: Record<string, string> }> {
  const server = await startVendorServer((response, call, n) => {
    if (call.url !== '/v1/speech' || call.method !== 'POST') return sendJson(response, 404, { message: 'Not Found' });
    if (!isSigned(call)) return refuse(response, 403, 'InvalidSignatureException', 'The request signature we calculated does not match.');
    return answer(response, call, n);
  });
  return { ...server, env: { ...POLLY_KEYS, AWS_ENDPOINT_URL_POLLY: server.url } };
}

/** Speaks: a tone for each character. */
export function speak(response: ServerResponse, call: VendorCall): void {
  const { Text: text, TextType: type } = call.json();
  const spoken = type === 'ssml' ? String(text).replaceAll(/<[^>]*>/g, '') : String(text);
  const samples = Int16Array.from({ length: (BYTES_PER_CHARACTER * spoken.length) / 2 }, (_, n) => 8000 * Math.sin(n / 8));
  const headers = { 'content-type': 'audio/pcm', 'x-amzn-requestcharacters': String(spoken.length) };
  response.writeHead(200, headers).end(Buffer.from(samples.buffer));
}

/** Answers with an error as AWS does. */
export function refuse(response: ServerResponse, status: number, name: string, message: string): void {
  sendJson(response, status, { message }, { 'x-amzn-errortype': `${name}:http://internal.amazon.com/coral/com.amazon.coral.service/` });
}

/** Whether the signature is right: made again from what AWS documents for Signature Version 4. */
function isSigned({ headers, url, body }: VendorCall): boolean {
  const [, scope = '', names = '', signature] =
    /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/(\S+), SignedHeaders=(\S+), Signature=([0-9a-f]{64})$/.exec(headers.authorization ?? '') ??
    [];
  const sha = (text: string | Buffer) => createHash('sha256').update(text).digest('hex');
  const time = String(headers['x-amz-date']);
  const lines = names.split(';').map((name) => `${name}:${String(headers[name])}\n`);
  const canonical = `POST\n${url}\n\n${lines.join('')}\n${names}\n${sha(body)}`;
  const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
  const key = scope.split('/').reduce<string | Buffer>((made, part) => hmac(made, part), `AWS4${POLLY_KEYS.AWS_SECRET_ACCESS_KEY}`);
  return hmac(key, `AWS4-HMAC-SHA256\n${time}\n${scope}\n${sha(canonical)}`).toString('hex') === signature;
}
