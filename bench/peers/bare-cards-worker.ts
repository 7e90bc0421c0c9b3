/** The floor of a card's way, first half: it reads a model's stream, and appends and publishes each card in one trip. No queue, no lock, no checks. */
import { request } from 'node:http';
import { Redis } from 'ioredis';

const { REDIS_URL = '', MODEL_PORT } = process.env;
const redis = new Redis(REDIS_URL);

function work(job: string): void {
  const call = request({ port: Number(MODEL_PORT), host: '127.0.0.1', path: '/v1/chat/completions', method: 'POST' }, (response) => {
    let [rest, text] = ['', ''];
    response.on('data', (chunk: Buffer) => {
      const events = (rest + chunk.toString()).split('\n\n');
      rest = events.pop() ?? '';
      for (const event of events) {
        if (event === 'data: [DONE]') continue;
        const { choices } = JSON.parse(event.slice(6)) as { choices: { delta: { content?: string } }[] };
        text += choices[0]?.delta.content ?? '';
        const end = text.indexOf('"}');
        if (end < 0) continue;
        publish(job, text.slice(text.lastIndexOf('{', end), end + 2));
        text = text.slice(end + 2);
      }
    });
  });
  call.end(JSON.stringify({ messages: [{ content: JSON.stringify({ content: job }) }] }));
}

function publish(job: string, card: string): void {
  const row = JSON.stringify({ type: 'item', value: JSON.parse(card) as unknown });
  void redis.pipeline().rpush(`job:${job}`, row).xadd('events', 'MAXLEN', '~', 10_000, '*', 'job', job, 'row', row).exec();
}

process.on('message', (order: { jobs: string[] } | string) => {
  if (typeof order !== 'object' || !('jobs' in order)) return;
  order.jobs.forEach(work);
  process.send?.({ begun: order.jobs.length });
});
await redis.ping();
process.send?.({ ready: true });
