/** A hostile user, in a process of its own: goes one way at full speed for a time, and says what it was answered. */
import { ways } from './ways.ts';

process.on('disconnect', () => process.exit());
process.on('message', ({ way, port, ms }: { way: string; port: number; ms: number }) => {
  void attack(way, port, ms).then((answers) => process.send?.({ answers }));
});
process.send?.({ ready: true });

async function attack(way: string, port: number, ms: number): Promise<Record<string, number>> {
  const answers: Record<string, number> = {};
  const stopping = new AbortController();
  const user = { 'user-id': `hostile-${Object.keys(ways).indexOf(way)}` }; // what one way has used up is not another's
  const stop = { over: () => stopping.signal.aborted, signal: stopping.signal };
  setTimeout(() => stopping.abort(), ms);
  try {
    await ways[way]?.({ port, user, stop, tally: (status) => (answers[status] = (answers[status] ?? 0) + 1) });
  } catch (error) {
    answers[`could not: ${String(error)}`] = 1;
  }
  return answers;
}
