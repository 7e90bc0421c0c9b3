/** What libraries print by `console.warn` goes into the log in its form, each sentence once for a process. */
import type { Logger } from 'pino';

/** BullMQ's own word about eviction, at each connection and whatever `maxmemory` is: src/store/store-facts.ts judges it and says more. */
const SAID_ELSEWHERE = /^IMPORTANT! Eviction policy is /;

/** Turns `console.warn` of this process into lines of a log. */
export function logLibraryWarnings(log: Pick<Logger, 'warn'>): void {
  const said = new Set<string>();
  console.warn = (...words: unknown[]) => {
    const text = words.map(String).join(' ').replaceAll(/\s+/g, ' ').trim();
    if (SAID_ELSEWHERE.test(text) || said.has(text)) return;
    said.add(text);
    log.warn(text);
  };
}
