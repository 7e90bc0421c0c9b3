/** What a benchmark is, and how it runs: in a normal or a short form, within its time limit, its contenders taking turns. */

/**
 * `normal` writes a result. `short` takes some 10 to 20 s, writes nothing, and shows that the benchmark still works: its figures say little.
 * `guard` measures only what the guard compares (check.ts), in some 20 s, often enough to trust it. `counts` measures only what is counted, which
 * a busy machine does not change.
 */
export type Form = 'normal' | 'short' | 'guard' | 'counts';

/** The forms of a benchmark that is not guarded. */
export type UnguardedForm = Exclude<Form, 'guard' | 'counts'>;

/** The forms of a benchmark in which the guard compares nothing that is counted. */
export type UncountedForm = Exclude<Form, 'counts'>;

/** A benchmark. */
export type Bench = {
  /** How long it may take, in s. Without a limit for the guard it is not guarded, and without one for counts nothing of it is counted. */
  limitS: { normal: number; short: number; guard?: number; counts?: number };
  /** Measures. It throws where a contender gives an answer that it did not expect. */
  run(form: Form): Promise<Report>;
};

/** What a benchmark found. */
export type Report = {
  /** The result in Markdown, with a heading of the first level. */
  text: string;
  /** What the guard compares with what is committed, by name. */
  pairs?: Record<string, Pair>;
};

/** A figure of ours and the same one of whom it is compared with, each measured several times in turns. Less is better. */
export type Pair = {
  ours: number[];
  base: number[];
  /** How much worse their ratio may become: 1.3 for 30 %. */
  tolerance: number;
  /** Whether it is counted (commands, trips), so that a busy machine does not change it. CPU and memory are measured. */
  counted: boolean;
};

let at = 'its start';

/**
 * Does a part of a benchmark within a limit in s.
 * @throws Error that names the part if it takes longer; what the part has begun goes on, so the process should end then
 */
export async function step<T>(what: string, limitS: number, work: () => Promise<T>): Promise<T> {
  at = what;
  return within(limitS, () => `${what} took longer than ${limitS} s`, work());
}

/** Runs a benchmark within its limit. `name`: for the message if it takes longer. */
export async function runBench(name: string, bench: Bench, form: Form): Promise<Report> {
  const limitS = bench.limitS[form];
  if (limitS === undefined) throw new Error(`the bench ${name} has no ${form} form`);
  return within(limitS, () => `the bench ${name} (${form} form) took longer than ${limitS} s; it had come to: ${at}`, bench.run(form));
}

async function within<T>(limitS: number, message: () => string, work: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(message())), 1000 * limitS);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
