/** Bounds an exchange with the server: it ends in silence, and when nobody wants it any more. */

/** The bound of one exchange. */
export type Guard = {
  /** Aborts at the end, for fetch. */
  signal: AbortSignal;
  /** Something was heard: the silence begins anew. */
  heard(): void;
  /** The work, or a rejection when the bound is reached: some platforms' fetch does not end at an abort. */
  race<T>(work: Promise<T>): Promise<T>;
  /** Leaves no timer and no listener behind. What fetch still does goes on. */
  free(): void;
  /** Ends all of it. */
  leave(): void;
};

/** Makes one. It aborts after `silenceMs` in silence, and with the signal, and rejects with that signal's reason then. */
export function createGuard(silenceMs: number, signal?: AbortSignal | null): Guard {
  const own = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const leave = (): void => own.abort();
  const ended = new Promise<never>((_, reject) => {
    own.signal.addEventListener('abort', () => reject(signal?.aborted ? signal.reason : new Error('silence')));
  });
  ended.catch(() => {}); // nobody may be racing
  const heard = (): void => {
    clearTimeout(timer);
    timer = setTimeout(leave, silenceMs);
  };
  heard();
  signal?.addEventListener('abort', leave);
  if (signal?.aborted) leave();
  const free = (): void => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', leave);
  };
  return {
    signal: own.signal,
    heard,
    race: async (work) => Promise.race([work, ended]),
    free,
    leave() {
      free();
      leave();
    },
  };
}
