/** Makes flashcards of a file of notes and prints each as it comes: `AI_JOBS_URL=http://localhost:3001 node cards.ts notes.txt [JOB_ID]`. */
import { readFile } from 'node:fs/promises';
import { ApiError, createClient, JobError } from 'ai-jobs-client';

const [file, jobId] = process.argv.slice(2);
if (file === undefined) {
  console.error('usage: node cards.ts NOTES [JOB_ID]');
  process.exit(2);
}
const ai = createClient({
  baseUrl: process.env['AI_JOBS_URL'] ?? 'http://localhost:3001',
  token: process.env['AI_JOBS_TOKEN'], // the access token of a session, where the server wants one
  headers: process.env['AI_JOBS_TOKEN'] === undefined ? { 'user-id': 'node-example' } : {},
});

try {
  // With the id of a job this goes on with it: nothing is paid for twice.
  const job = jobId === undefined ? await ai.flashcards({ content: await readFile(file, 'utf8') }) : ai.resume<'flashcards'>(jobId);
  console.error(`job ${job.id}`);
  process.once('SIGINT', () => void job.cancel()); // the loop below then ends, because the job does
  for await (const { index, value } of job.items()) console.log(`${index + 1}. ${value.front}\n   ${value.back}`);
  const { flashcards } = await job.result();
  console.error(`${flashcards.length} cards`);
} catch (error) {
  if (!(error instanceof ApiError)) throw error; // such as a file that is not there, or no server
  const what = error instanceof JobError ? 'The job has no result' : 'It was not submitted';
  console.error(`${what} (${error.code}): ${error.detail}`);
  process.exitCode = 1;
}
