/**
 * `node scripts/ask-health.ts api|worker`: ends with 0 if this container's process is healthy, else
 * with 1. A health check of a container runs it, because the image has neither curl nor wget.
 */
const [part = ''] = process.argv.slice(2);
const ports = new Map([
  ['api', process.env['PORT'] || '3001'],
  ['worker', process.env['WORKER_HEALTH_PORT'] || '3002'],
]);
const port = ports.get(part);
if (port === undefined) {
  process.stderr.write('usage: node scripts/ask-health.ts api|worker\n');
  process.exit(2);
}
// `localhost` is both 127.0.0.1 and ::1, and HOST may be either.
const answer = await fetch(`http://localhost:${port}/health`).catch(() => undefined);
process.exitCode = answer?.ok ? 0 : 1;
