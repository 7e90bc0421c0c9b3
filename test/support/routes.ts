/** Every route of the app. The app is made over real parts, but it is asked nothing. */
import { kinds } from '../../src/kinds/index.ts';
import { createApp } from '../../src/app.ts';
import { digestOf, hmacOf } from '../../src/store/digest.ts';
import { byHeader } from '../../src/identity/named-user.ts';
import { createValueAddresses } from '../../src/http/job-addresses.ts';
import { StreamTokens } from '../../src/http/stream-token.ts';
import { fixedSecrets } from '../../src/http/token-secrets.ts';
import { sendAsStream } from '../../src/http/send-file.ts';
import { createShares } from '../../src/http/shares.ts';
import { Eraser } from '../../src/archive/eraser.ts';
import { RedisFiles } from '../../src/files/redis-files.ts';
import { loadConfig } from '../../src/config.ts';
import { pullFromIncoming } from '../../src/node-server.ts';
import { createNodeTransport } from '../../src/node-transport.ts';
import { ActionLog } from '../../src/jobs/action-log.ts';
import { BulkActions } from '../../src/jobs/bulk-actions.ts';
import { createSetQuiet } from '../../src/jobs/quiet-workers.ts';
import { UserTermsBook } from '../../src/jobs/user-terms.ts';
import { Chats } from '../../src/jobs/chats.ts';
import { OperatorPauses } from '../../src/jobs/operator-pauses.ts';
import { RepeatedRequests } from '../../src/jobs/repeated-requests.ts';
import { Submissions } from '../../src/jobs/submissions.ts';
import { createLocalLimit } from '../../src/jobs/rate-limit.ts';
import { Connections } from '../../src/stream/connections.ts';
import { Feed } from '../../src/stream/feed.ts';
import { UserFeed } from '../../src/stream/user-feed.ts';
import { HANDS_ON } from '../../src/traces/tracer.ts';
import { openQueue } from './queue.ts';
import { rightClock } from './clocks.ts';

/** Every route that the app has, as `METHOD path`. */
export async function routesOfApp(): Promise<string[]> {
  const { store, queue } = await openQueue();
  const connections = new Connections(60_000);
  const onError = () => {};
  const limit = createLocalLimit({ name: 'read', max: 1, windowS: 1 });
  const app = createApp({
    queue,
    chats: new Chats(store, 60),
    clock: rightClock,
    files: new RedisFiles(store, 1024 * 1024),
    eraser: new Eraser({
      queue,
      files: new RedisFiles(store, 1024 * 1024),
      notifications: { erase: async () => {}, eraseUser: async () => {} },
    }),
    notifications: {
      faultOf: () => undefined,
      deliveries: { of: async () => [], retry: async () => [], failed: async () => ({ failed: [] }), replay: async () => false },
      queue: { counts: async () => ({ waiting: 0, failed: 0 }) },
      accepted() {},
      async handOn() {},
      endSeen() {},
    },
    outputUrls: createValueAddresses(kinds, true),
    connections,
    feed: new Feed({ readJob: (jobId, after) => queue.read(jobId, after), connections, eta: async () => undefined, onError }),
    userFeed: new UserFeed({
      readJob: (jobId, after) => queue.read(jobId, after),
      jobsOf: async () => [],
      turn: async () => () => {},
      connections,
      clock: rightClock,
      onError,
    }),
    transport: createNodeTransport(),
    sendFile: sendAsStream,
    countFor() {},
    pullBody: pullFromIncoming,
    shares: createShares(loadConfig({ REDIS_URL: 'redis://x' }, 'api').shares),
    stallMs: 1,
    tokens: new StreamTokens(hmacOf, fixedSecrets(['a secret of sixteen'])),
    submissions: new Submissions({ queue, clock: rightClock, kinds, localLimit: limit, sameWorkMs: 0, maxAttempts: 1 }),
    repeated: new RepeatedRequests(store),
    pace: { asks: () => {}, next: () => undefined },
    readLimit: limit,
    listLimit: limit,
    redeliverLimit: limit,
    addressOf: () => undefined,
    log: { debug() {}, info() {}, warn() {}, error() {} },
    draining: () => false,
    listening: () => true,
    kinds,
    actions: new ActionLog(store),
    pauses: new OperatorPauses(store),
    users: new UserTermsBook(store),
    setQuiet: createSetQuiet(store),
    bulk: { actions: new BulkActions(store), look() {} },
    checkOperator() {},
    errorCounts: { read: async () => [] },
    events: { answered() {}, submitted() {} },
    tracer: HANDS_ON,
    metrics: { text: async () => '', contentType: 'text/plain', access: 'operator' },
    checkDatabase: () => 'database',
    pages: { listed: ['*'], own: undefined },
    identity: byHeader(true, digestOf),
    storeTrouble: async () => undefined,
    storeWarnings: () => [],
    hosts: undefined,
    version: 'test',
    readAsset: async () => undefined,
    pageFiles: async () => undefined,
    documentFiles: async () => undefined,
  });
  const own = app.routes.filter(({ method }) => method !== 'ALL'); // the others are middleware
  return [...new Set(own.map(({ method, path }) => `${method} ${path}`))];
}
