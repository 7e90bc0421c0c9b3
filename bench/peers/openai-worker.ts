/** A worker as a team writes it: BullMQ's, and the openai SDK, which streams one structured answer. Nothing of it is published before the job's end. */
import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import OpenAI from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import { flashcard } from '../../src/kinds/flashcards.ts';
import { QUEUE } from './job.ts';

type JobData = { input: { content: string; count: number } };

const INSTRUCTIONS = `You write flashcards for language learners and students.
Write as many cards as the user asks for, each with a short question or cue as "front" and its answer as "back".
Use only what the material says, and write in its language.`;

const answer = z.object({ flashcards: z.array(flashcard) });
const responseFormat = zodResponseFormat(answer, 'flashcards');
const openai = new OpenAI(); // key and address are in the environment

async function work({ data }: { data: JobData }): Promise<z.infer<typeof answer>> {
  const { content, count } = data.input;
  const stream = await openai.chat.completions.create({
    model: 'gpt-5.4-mini',
    stream: true,
    response_format: responseFormat,
    messages: [
      { role: 'system', content: INSTRUCTIONS },
      { role: 'user', content: `Write ${count} flashcards about this material:\n\n${content}` },
    ],
  });
  let text = '';
  for await (const { choices } of stream) text += choices[0]?.delta.content ?? '';
  return answer.parse(JSON.parse(text));
}

const connection = new Redis(process.env['REDIS_URL'] ?? '', { maxRetriesPerRequest: null });
const worker = new Worker<JobData>(QUEUE, work, { connection, concurrency: Number(process.env['WORKER_CONCURRENCY']) });
await worker.waitUntilReady();
process.send?.({ ready: true });
