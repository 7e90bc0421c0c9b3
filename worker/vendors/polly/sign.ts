/** Signs a request to AWS (Signature Version 4), for a POST without a query. */

/** Who signs. `sessionToken`: goes with temporary keys. */
export type AwsCredentials = { accessKeyId: string; secretAccessKey: string; sessionToken?: string | undefined };

/** A request to be signed. `service` and `region`: of AWS. All headers are signed. */
export type AwsRequest = { url: URL; headers: Record<string, string>; body: string; service: string; region: string; now: Date };

const ALGORITHM = 'AWS4-HMAC-SHA256';
const encoder = new TextEncoder();

/** Returns the headers that the request is sent with. */
export async function signAwsRequest(credentials: AwsCredentials, request: AwsRequest): Promise<Record<string, string>> {
  const { url, body, service, region, now } = request;
  const time = now.toISOString().replaceAll(/[-:]|\.\d{3}/g, '');
  const date = time.slice(0, 8);
  const { sessionToken } = credentials;
  const headers = { ...request.headers, 'x-amz-date': time, ...(sessionToken !== undefined && { 'x-amz-security-token': sessionToken }) };
  const signed = Object.entries({ ...headers, host: url.host })
    .map(([name, value]) => [name.toLowerCase(), value.trim()] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  const names = signed.map(([name]) => name).join(';');
  const lines = signed.map(([name, value]) => `${name}:${value}\n`).join('');
  const canonical = ['POST', url.pathname, '', lines, names, await digest(body)].join('\n');
  const scope = `${date}/${region}/${service}/aws4_request`;
  const text = [ALGORITHM, time, scope, await digest(canonical)].join('\n');
  let key = encoder.encode(`AWS4${credentials.secretAccessKey}`);
  for (const part of [date, region, service, 'aws4_request']) key = await hmac(key, part);
  const signature = hex(await hmac(key, text));
  const credential = `${credentials.accessKeyId}/${scope}`;
  return { ...headers, authorization: `${ALGORITHM} Credential=${credential}, SignedHeaders=${names}, Signature=${signature}` };
}

async function hmac(key: Uint8Array<ArrayBuffer>, text: string): Promise<Uint8Array<ArrayBuffer>> {
  const imported = await crypto.subtle.importKey('raw', key, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  return new Uint8Array(await crypto.subtle.sign('HMAC', imported, encoder.encode(text)));
}

async function digest(text: string): Promise<string> {
  return hex(new Uint8Array(await crypto.subtle.digest('SHA-256', encoder.encode(text))));
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
