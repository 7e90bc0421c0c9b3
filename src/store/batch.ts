/** Work that many callers ask for at once and that one call to Redis can do for all of them. */

/**
 * Makes a function whose calls of one turn of the event loop are done together, `max`
 * in one go. `work` resolves with a result for each request, in order; a result that
 * is an Error rejects that call alone. If `work` rejects, all calls of the batch do.
 */
export function createBatch<Request, Result>(
  max: number,
  work: (requests: Request[]) => Promise<(Result | Error)[]>,
): (request: Request) => Promise<Result> {
  type Call = { request: Request; resolve(result: Result): void; reject(error: unknown): void };
  let calls: Call[] = [];

  const run = async (batch: Call[]): Promise<void> => {
    try {
      const results = await work(batch.map(({ request }) => request));
      for (const [index, { resolve, reject }] of batch.entries()) {
        const result = results[index] as Result | Error;
        if (result instanceof Error) reject(result);
        else resolve(result);
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  };
  const flush = (): void => {
    const all = calls;
    calls = [];
    for (let from = 0; from < all.length; from += max) void run(all.slice(from, from + max));
  };
  return (request) =>
    new Promise((resolve, reject) => {
      // After all input of this turn was read, so that requests on different sockets share a call.
      if (calls.length === 0) setImmediate(flush);
      calls.push({ request, resolve, reject });
    });
}
