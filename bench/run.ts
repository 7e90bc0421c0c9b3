/** `npm run bench -- NAME`: runs one benchmark, or all. Figures are ratios within one run: machines differ, and share. */

const benches: Record<string, () => Promise<unknown>> = {
  stream: () => import('./stream.ts'),
  turns: () => import('./turns.ts'),
  offline: () => import('./offline.ts'),
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in benches));
if (unknown.length > 0) {
  process.stderr.write(`there is no benchmark ${unknown.join(', ')}; there are: ${Object.keys(benches).join(', ')}\n`);
  process.exit(2);
}
for (const [name, run] of Object.entries(benches)) if (wanted.length === 0 || wanted.includes(name)) await run();
