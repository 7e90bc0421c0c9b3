/** The jobs that the checks share. Each is made when the first check needs it, and all are erased at the end. */
import { notJudged, show } from './check.ts';
import { type Answer, type Ask, type Http, pause, pauseOf } from './http.ts';
import { type Submitted, submittedJob } from './shapes.ts';
import { openStream, type Recording } from './stream.ts';
import { type Watched, watchJob } from './watch.ts';

/** The address that flashcards are submitted to. */
export const SUBMIT = '/api/ai/generate-flashcards';

/** What all jobs together cost at most; said before the first one is made. */
export const COSTS = '5 to 7 small jobs of flashcards, 9 cards at most';

/** Notes that give three cards, with a model or without. */
const NOTES = 'The mitochondrion is the power plant of the cell. Water boils at 100 degrees Celsius. Hund: dog';

/** Notes that give a card. No two are the same, so that no job stands for another one. */
export const notes = (): string => `${NOTES} (${crypto.randomUUID()})`;

/** How long the end waits for submissions that have no answer yet, in ms. */
const UNDERWAY_MS = 5000;

/** A job that was submitted under an idempotency key, twice at once. */
export type Keyed = { key: string; input: object; answers: readonly Answer[]; first: Submitted };

/** The jobs of one run. */
export type Jobs = {
  /** Input for some cards. No two are the same, so that no job stands for another one. */
  input(count: number): object;
  /** Submits, and remembers the job of the answer. */
  submit(input: object, ask?: Ask): Promise<Answer>;
  /** Submits and opens the stream of the answer. Remembers the job, too, if the answer's Location names it. `path`: another address that takes work. */
  submitStream(input: object, ask?: Ask, path?: string): Promise<Recording & { status: number; headers: Headers }>;
  /** Remembers a job that a stream named. */
  remember(jobId: string): void;
  /** The answer to the first submission, of three cards. Its job is watched from then on. */
  first(): Promise<{ answer: Answer; watched: Watched | undefined }>;
  /** The first job as it was watched. It ends the check as not judged if there is no such job. */
  watched(): Promise<Watched>;
  /** A job of one card that was submitted twice at once, under one key. */
  keyed(): Promise<Keyed>;
  /** Whether the first job was made and had not ended in time, so that most could not be judged. */
  isStuck(): Promise<boolean>;
  /** Erases all jobs. Resolves with the ids of those that could not be erased. */
  eraseAll(): Promise<string[]>;
};

/** Makes the jobs of one run. None is submitted before it is needed. */
export function createJobs(http: Http): Jobs {
  const made = new Set<string>();
  const underway = new Set<Promise<unknown>>();

  /** A run can be stopped while a submission has no answer yet: its job is to be erased, too. */
  const track = <T>(submission: Promise<T>): Promise<T> => {
    underway.add(submission);
    void submission.finally(() => underway.delete(submission)).catch(() => {}); // who submits hears of it
    return submission;
  };

  const input = (count: number) => ({ content: NOTES, subject: 'conformance', topic: crypto.randomUUID(), count });

  const remember = ({ headers }: Pick<Answer, 'headers'>): void => {
    const id = headers.get('location')?.split('/').at(-1);
    if (id !== undefined) made.add(id);
  };

  const submitNow = async (body: object, ask: Ask): Promise<Answer> => {
    const answer = await http.ask(SUBMIT, { method: 'POST', body, ...ask });
    remember(answer);
    if (typeof answer.json['jobId'] === 'string') made.add(answer.json['jobId']);
    return answer;
  };
  const submit: Jobs['submit'] = (body, ask = {}) => track(submitNow(body, ask));

  const openNow = async (path: string, body: object, ask: Ask) => {
    const deadline = performance.now() + http.patienceMs;
    for (;;) {
      const stream = openStream(http, path, { method: 'POST', body, ...ask });
      const head = await stream.head;
      remember(head);
      const waitMs = pauseOf(head, deadline);
      if (waitMs === undefined) return { ...stream, ...head };
      stream.leave();
      await pause(waitMs);
    }
  };

  const submitStream: Jobs['submitStream'] = (body, ask = {}, path = SUBMIT) => track(openNow(path, body, ask));

  let begun = false;
  const first = once(async () => {
    begun = true;
    const answer = await submit(input(3));
    const job = submittedOf(answer);
    return { answer, watched: job && watchJob(http, job) };
  });

  const keyed = once(async (): Promise<Keyed> => {
    const [key, body] = [crypto.randomUUID(), input(1)];
    const headers = { 'idempotency-key': key };
    const answers = await Promise.all([submit(body, { headers }), submit(body, { headers })]);
    const job = answers.map(submittedOf).find((found) => found !== undefined);
    return { key, input: body, answers, first: job ?? noJob(answers[0]) };
  });

  return {
    input,
    remember: (jobId) => void made.add(jobId),
    submit,
    submitStream,
    first,
    async watched() {
      const { answer, watched } = await first();
      return watched ?? noJob(answer);
    },
    keyed,
    async isStuck() {
      const watched = begun ? (await first()).watched : undefined;
      return watched !== undefined && (await watched.polled) === undefined;
    },
    async eraseAll() {
      await Promise.race([Promise.allSettled(underway), pause(UNDERWAY_MS)]);
      const ids = [...made];
      const erased = await Promise.allSettled(ids.map((id) => http.ask(`/api/jobs/${id}`, { method: 'DELETE' })));
      return ids.filter((_, n) => !isGone(erased[n]));
    },
  };
}

/** The job of an answer; undefined if the answer has none that can be watched. Other shortcomings are judged by the check of the answer. */
export function submittedOf({ json }: Answer): Submitted | undefined {
  const { data } = submittedJob.pick({ jobId: true, statusUrl: true, streamUrl: true, cancelUrl: true }).safeParse(json);
  return data;
}

function noJob({ status, text }: Answer): never {
  return notJudged(`no job could be submitted: the answer was ${status}, ${show(text)}`);
}

function isGone(result: PromiseSettledResult<Answer> | undefined): boolean {
  return result?.status === 'fulfilled' && (result.value.status < 300 || result.value.status === 404);
}

/** Makes a function that works once and then gives the same result, or the same error, again. */
function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => (result ??= work());
}
