/**
 * Expo's push service: sends a notification to a phone, and tells later what
 * has become of it (docs.expo.dev/push-notifications/sending-notifications).
 */
import { z } from 'zod';

/** A message for one phone. `data` goes to the app. */
export type PushMessage = { to: string; body: string; data: Record<string, unknown>; ttlS: number };

/**
 * What the service said: it has taken the message under a ticket; it
 * refuses it, by a code such as `DeviceNotRegistered`; it has not taken it,
 * and can be asked again; or the answer was lost, so that nobody knows.
 */
export type PushAnswer =
  | { type: 'taken'; ticket?: string | undefined }
  | { type: 'refused'; code: string }
  | { type: 'not_taken'; code: string; retryAfterMs?: number | undefined }
  | { type: 'unknown' };

/**
 * What has become of a message: it went to the phone's maker,
 * it failed there by a code, or that is not known yet.
 */
export type PushReceipt = { type: 'ok' } | { type: 'failed'; code: string } | { type: 'not_yet' };

/** The service. */
export type PushService = {
  send(message: PushMessage, signal: AbortSignal): Promise<PushAnswer>;
  /** @throws where the service can't be asked now */
  receipt(ticket: string, signal: AbortSignal): Promise<PushReceipt>;
};

/** What it is asked with. `accessToken`: only where the project has turned that on. */
export type ExpoOptions = { baseUrl: string; accessToken?: string | undefined; timeoutMs?: number };

const status = z.object({
  status: z.enum(['ok', 'error']),
  id: z.string().optional(),
  details: z.object({ error: z.string().optional() }).optional(),
});
const sent = z.object({ data: z.union([status, z.array(status).min(1)]) });
const receipts = z.object({ data: z.record(z.string(), status) });

/** How long to wait for the service, in ms. */
const TIMEOUT_MS = 15_000;

/** Errors of a connection that was never made: the service has got nothing. */
const UNSENT: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** The code in a ticket or a receipt; others can write there, too, so it has to look like one. */
function codeIn({ details }: z.infer<typeof status>): string {
  return /^[a-z]\w{0,60}$/i.exec(details?.error ?? '')?.[0] ?? 'error';
}

/** Makes the client of Expo's push service. */
export function createExpo({ baseUrl, accessToken, timeoutMs = TIMEOUT_MS }: ExpoOptions): PushService {
  const ask = (path: string, body: unknown, signal: AbortSignal): Promise<Response> =>
    fetch(`${baseUrl}/--/api/v2/push/${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        ...(accessToken !== undefined && { authorization: `Bearer ${accessToken}` }),
      },
      body: JSON.stringify(body),
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      redirect: 'error',
    });

  return {
    async send({ ttlS, ...message }, signal) {
      let response: Response;
      try {
        response = await ask('send', { ...message, ttl: ttlS, sound: 'default' }, signal);
      } catch (error) {
        const code = ((error as { cause?: { code?: unknown } }).cause ?? {}).code;
        return UNSENT.has(code) ? { type: 'not_taken', code: 'service_unreachable' } : { type: 'unknown' };
      }
      const body: unknown = await response.json().catch(() => undefined);
      if (!response.ok) {
        const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
        const retryable = response.status === 429 || response.status >= 500;
        const code = `status_${response.status}`;
        return retryable ? { type: 'not_taken', code, retryAfterMs: seconds >= 0 ? seconds * 1000 : undefined } : { type: 'refused', code };
      }
      const { data } = sent.safeParse(body).data ?? {};
      const ticket = Array.isArray(data) ? data[0] : data;
      if (ticket === undefined) return { type: 'unknown' };
      if (ticket.status === 'ok') return { type: 'taken', ticket: ticket.id };
      const code = codeIn(ticket);
      return code === 'MessageRateExceeded' ? { type: 'not_taken', code } : { type: 'refused', code };
    },
    async receipt(ticket, signal) {
      const response = await ask('getReceipts', { ids: [ticket] }, signal);
      const { data } = receipts.parse(await response.json());
      const found = data[ticket];
      if (!found) return { type: 'not_yet' };
      return found.status === 'ok' ? { type: 'ok' } : { type: 'failed', code: codeIn(found) };
    },
  };
}
