/** A stand-in for Expo's push service: it notes the messages, gives tickets, and has receipts for them. */
import { startVendorServer } from './vendor-server.ts';

/** What it answers to a message: a ticket, an error of the message by its code, or an HTTP status. */
export type Fate = 'ok' | { error: string } | { status: number };

/** A running stand-in. */
export type Expo = {
  env: Record<string, string>;
  /** The messages that it has taken. */
  messages: Record<string, any>[];
  /** What comes of each ticket; `ok` if nothing is said. */
  receipts: Map<string, Fate>;
  /** How often it was asked to send, whatever it answered. */
  asked(): number;
  /** How many that it was asked to send had no answer at once at most. */
  mostAtOnce(): number;
};

/** Starts it; it stops with the test. `fate`: what to answer to the message of this number, counted from 0. */
export async function startExpo(fate: (number: number) => Fate | Promise<Fate> = () => 'ok'): Promise<Expo> {
  const messages: Record<string, any>[] = [];
  const receipts = new Map<string, Fate>();
  let sends = 0;
  let open = 0;
  let most = 0;

  const send = async (message: Record<string, any>): Promise<[status: number, body: object]> => {
    const number = sends++;
    const end = await fate(number);
    if (typeof end === 'object' && 'status' in end) return [end.status, { errors: [{ code: 'API_ERROR', message: 'no' }] }];
    if (typeof end === 'object') return [200, { data: { status: 'error', message: 'no', details: { error: end.error } } }];
    messages.push(message);
    return [200, { data: { status: 'ok', id: `ticket-${number}` } }];
  };
  const receiptsFor = ({ ids }: Record<string, any>): [status: number, body: object] => {
    const found = (ids as string[]).map((id) => [id, receipts.get(id) ?? 'ok'] as const);
    const toReceipt = (end: Fate) => (typeof end === 'object' && 'error' in end ? { status: 'error', details: end } : { status: 'ok' });
    return [200, { data: Object.fromEntries(found.map(([id, end]) => [id, toReceipt(end)])) }];
  };

  const { url } = await startVendorServer(async (response, call) => {
    const isSend = call.url === '/--/api/v2/push/send';
    if (isSend) {
      most = Math.max(most, ++open);
      response.once('close', () => open--);
    }
    const [status, json] = isSend ? await send(call.json()) : receiptsFor(call.json());
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
  });
  return {
    env: { EXPO_BASE_URL: url, PUSH_DELAY_MS: '500' },
    messages,
    receipts,
    asked: () => sends,
    mostAtOnce: () => most,
  };
}
