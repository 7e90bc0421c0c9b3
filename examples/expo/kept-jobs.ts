/** The jobs that this phone has submitted: their ids and titles, the newest first, kept when the app is killed. */
import AsyncStorage from '@react-native-async-storage/async-storage';

/** A job that is kept. The id alone opens nothing: the server wants the user's token, too. */
export type KeptJob = { id: string; title: string };

const KEY = 'jobs';

/** How many are kept. The server keeps finished jobs for a time only. */
const MOST = 50;

/** All jobs that are kept. A text that can't be read counts as none. */
export async function readJobs(): Promise<KeptJob[]> {
  try {
    const found: unknown = JSON.parse((await AsyncStorage.getItem(KEY)) ?? '[]');
    return Array.isArray(found) ? (found as KeptJob[]) : [];
  } catch {
    return [];
  }
}

/** Keeps a job, once; the oldest one goes where there are too many. */
export async function keepJob(job: KeptJob): Promise<void> {
  await change((jobs) => [job, ...jobs.filter(({ id }) => id !== job.id)].slice(0, MOST));
}

/** Forgets a job. */
export async function forgetJob(id: string): Promise<void> {
  await change((jobs) => jobs.filter((job) => job.id !== id));
}

/** Changes wait for each other, so that none is lost. */
let last: Promise<unknown> = Promise.resolve();

function change(step: (jobs: KeptJob[]) => KeptJob[]): Promise<void> {
  const next = last.then(async () => AsyncStorage.setItem(KEY, JSON.stringify(step(await readJobs()))));
  last = next.catch(() => {});
  return next;
}
