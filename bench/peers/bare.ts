/** The floor of a submission: node:http, JSON.parse and BullMQ's `add`. Nothing is checked. */
import { createServer } from 'node:http';
import { KIND, openQueue, presentJob, tellReady } from './job.ts';

const { queue } = openQueue();
const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const answer = async () => {
      const job = await queue.add(KIND, JSON.parse(Buffer.concat(chunks).toString()));
      response.statusCode = 202;
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(presentJob(job.id ?? '', job.timestamp)));
    };
    void answer();
  });
});
await queue.waitUntilReady();
server.listen(0, '127.0.0.1', () => tellReady(server.address()));
