/** The clients that people have: EventSource as browsers do it, react-native-sse, and a client behind nginx. */
import { EventSource } from 'eventsource';
import reactNativeSse from 'react-native-sse';
import { expect, onTestFinished, test, vi } from 'vitest';
import { hasNginx, startNginx } from '../support/nginx.ts';
import { isEnd, lasting, watch } from '../support/sse.ts';
import { startStack, type Stack } from '../support/stack-in-process.ts';

/** Its types are those of an ES module, its code is not: this is what a bundler gives to an app. */
const ReactNativeEventSource = reactNativeSse as unknown as new (url: string) => {
  addEventListener(type: string, listen: (event: { data?: string }) => void): void;
  close(): void;
  interval: number;
};

/** How often the job's stream was asked for, and with what outcome. */
const asked = (stack: Stack) =>
  stack.api.log().flatMap(({ msg, path, status }) => (msg === 'request' && String(path).endsWith('/events') ? [status] : []));

test('EventSource follows a job through a deploy, and stops for good at its end', async () => {
  const stack = await startStack({ SSE_MAX_AGE_MS: '200' });
  const job = await stack.submit({ content: 'Hund: dog' });
  const source = new EventSource(stack.url + job['streamUrl']);
  onTestFinished(() => source.close());
  const ids: string[] = [];
  for (const type of ['progress', 'item', 'completed']) source.addEventListener(type, ({ lastEventId }) => ids.push(lastEventId));
  await expect.poll(() => asked(stack).length).toBeGreaterThan(1); // it was let go, and came back
  await stack.startWorker();
  await expect.poll(() => source.readyState).toBe(EventSource.CLOSED);
  expect(ids).toEqual(['1', '2', '3']);
  expect(asked(stack).at(-1)).toBe(204);
});

test('react-native-sse does not ask again after the end', async () => {
  const stack = await startStack();
  await stack.startWorker();
  const job = await stack.submit({ content: 'Hund: dog' });
  vi.stubGlobal('XMLHttpRequest', FetchingXHR);
  const source = new ReactNativeEventSource(stack.url + job['streamUrl']);
  onTestFinished(() => source.close());
  const items: unknown[] = [];
  source.addEventListener('item', ({ data }) => items.push(JSON.parse(data ?? '').value));
  await new Promise((resolve) => source.addEventListener('completed', resolve));
  await expect.poll(() => FetchingXHR.done).toBe(1);
  expect(items).toEqual([{ front: 'Hund', back: 'dog' }]);
  expect(source.interval).toBe(0); // what it waits before it polls on: for ever
  expect(asked(stack)).toEqual([200]);
});

/** As much of XMLHttpRequest as react-native-sse uses, over fetch. */
class FetchingXHR {
  static readonly LOADING = 3;
  static readonly DONE = 4;
  static done = 0;
  readyState = 0;
  status = 0;
  responseText = '';
  onreadystatechange = (): void => {};
  onerror = (): void => {};
  readonly headers: Record<string, string> = {};
  readonly gone = new AbortController();
  url = '';

  open(_method: string, url: string): void {
    this.url = url;
  }
  setRequestHeader(name: string, value: string): void {
    this.headers[name] = value;
  }
  abort(): void {
    this.gone.abort();
  }
  send(): void {
    void this.read().catch(() => this.onerror());
  }
  private async read(): Promise<void> {
    const response = await fetch(this.url, { headers: this.headers, signal: this.gone.signal });
    this.status = response.status;
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      this.responseText += decoder.decode(chunk, { stream: true });
      this.readyState = FetchingXHR.LOADING;
      this.onreadystatechange();
    }
    this.readyState = FetchingXHR.DONE;
    this.onreadystatechange();
    FetchingXHR.done++;
  }
}

test.runIf(hasNginx)('behind nginx as it comes, with gzip: every event at once, and alive past its idle timeout', async () => {
  const stack = await startStack({ SSE_HEARTBEAT_MS: '200' });
  const url = await startNginx([stack.url], { location: 'proxy_read_timeout 1s;' });

  const job = await stack.submit();
  const stream = await watch(url + job['streamUrl'], { 'accept-encoding': 'gzip' });
  await stream.until(({ event }) => event === 'status'); // while nothing else happens
  expect(stream.response.headers.get('content-encoding')).toBeNull();
  await expect.poll(() => stream.text().match(/^: ping$/gm)?.length ?? 0).toBeGreaterThan(8); // more than its timeout's worth
  await stack.startWorker();
  await stream.until(isEnd);
  expect(lasting(stream.events).map(({ id }) => id)).toEqual(['1', '2', '3']);
});
