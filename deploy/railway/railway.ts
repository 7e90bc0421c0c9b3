/**
 * The project on Railway: `railway config plan --file deploy/railway/railway.ts`, then `apply`. It has
 * the API, the worker and a Redis. Variables that are preserved are set in the dashboard, and kept.
 */
import { defineRailway, preserve, project, redis, service } from 'railway/iac';

/** Both are built from one Dockerfile, whose argument PROCESS says which: Railway can't name a target. */
const build = { builder: 'DOCKERFILE', dockerfilePath: 'deploy/docker/Dockerfile' } as const;

/** How many seconds Railway waits from SIGTERM to SIGKILL. Its own is 0. */
const DRAINING_S = { api: 15, worker: 120 };

export default defineRailway(() => {
  const store = redis('redis');

  const api = service('api', {
    build,
    healthcheck: '/ready', // asked at a deploy only: the old API serves until the new one is ready
    healthcheckTimeout: 60,
    replicas: 2,
    deploy: { drainingSeconds: DRAINING_S.api, restartPolicyType: 'ALWAYS' },
    env: {
      PROCESS: 'api',
      PORT: '3001',
      REDIS_URL: store.env.REDIS_URL,
      RAILWAY_DEPLOYMENT_DRAINING_SECONDS: String(DRAINING_S.api), // the API reads it, too
      SUPABASE_URL: preserve(),
      SUPABASE_PUBLISHABLE_KEY: preserve(),
      SUPABASE_SECRET_KEY: preserve(),
      WEBHOOK_SECRET: preserve(),
      ADMIN_TOKEN: preserve(),
    },
  });

  const worker = service('worker', {
    build,
    healthcheck: '/health',
    healthcheckTimeout: 60,
    deploy: { drainingSeconds: DRAINING_S.worker, restartPolicyType: 'ALWAYS' },
    env: {
      PROCESS: 'worker',
      PORT: '3002', // where Railway asks for the worker's health
      WORKER_HEALTH_PORT: '3002',
      REDIS_URL: store.env.REDIS_URL,
      RAILWAY_DEPLOYMENT_DRAINING_SECONDS: String(DRAINING_S.worker),
      OPENAI_API_KEY: preserve(),
    },
  });

  return project('ai-jobs', { resources: [store, api, worker] });
});
