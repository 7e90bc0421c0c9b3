/** What became of a job's webhooks and pushes, asked for when somebody wants to see it. */
import { element, fill } from './dom.ts';

/** A delivery as the server tells it. */
export type Delivery = {
  channel: string;
  type: string;
  status: string;
  code?: string;
  nextAttemptAt?: string;
  attempts: { at: string; status?: number; code?: string }[];
};

/** Draws them, folded. `read`: asks the server. */
export function drawDeliveries(read: () => Promise<Delivery[]>): HTMLElement {
  const list = element('ul');
  const show = async (): Promise<void> => {
    const found = await read().catch((): Delivery[] => []);
    fill(list, ...(found.length === 0 ? [element('li', {}, 'Nothing was sent yet.')] : found.map(drawDelivery)));
  };
  return element(
    'details',
    { toggle: (event) => void ((event.target as HTMLDetailsElement).open && show()) },
    element('summary', {}, 'Who was told'),
    list,
    element('p', { class: 'actions' }, element('button', { type: 'button', class: 'quiet', click: () => void show() }, 'Look again')),
  );
}

function drawDelivery({ channel, type, status, code, nextAttemptAt, attempts }: Delivery): HTMLElement {
  const tries = attempts.map((one) => `${new Date(one.at).toLocaleTimeString()}: ${one.status ?? one.code ?? ''}`);
  const next = nextAttemptAt === undefined ? [] : [`again at ${new Date(nextAttemptAt).toLocaleTimeString()}`];
  const what = [`${channel} ${type}: ${status}${code === undefined ? '' : ` (${code})`}`, ...tries, ...next];
  return element('li', {}, what.join(' · '));
}
