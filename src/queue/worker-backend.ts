/** BullMQ's backend for a worker: steps that Redis refuses are repeated, and the step that completes a job writes its result, too. */
import { type BackendFactory, createIORedisClient, QueueKeys, RedisConnection, RedisQueueBackend } from 'bullmq';
import type { Redis } from 'ioredis';
import type { RecordFields } from './record.ts';
import { FORGOTTEN_AT_ONCE } from './retention.ts';
import type { RetryWhileRefused } from './store-monitor.ts';

/** What the backend is made with. */
export type BackendOptions = {
  redis: Redis;
  keyPrefix: string;
  /** The worker's name. */
  name: string;
  retryWhileRefused: RetryWhileRefused;
  /** The fields that the completion of this job has to write, if there are any. */
  fieldsOf: (job: object) => RecordFields | undefined;
  /** How much longer than usual the records of ended jobs are kept now, in s. */
  keptLongerS: () => number;
};

/**
 * Makes the factory of the backend. BullMQ treats an error of a job's last step as an error of the job, so one refusal would fail the
 * job for good. Here such steps wait until Redis accepts them. BullMQ's script for an end can write fields of the record: with them a
 * job completes and has its result in one step, or neither.
 */
export function createBackendFactory({
  redis,
  keyPrefix,
  name,
  retryWhileRefused,
  fieldsOf,
  keptLongerS,
}: BackendOptions): BackendFactory<RedisQueueBackend> {
  class WorkerBackend extends RedisQueueBackend {
    override moveToFinishedArgs(...[job, value, field, keep, ...rest]: Parameters<RedisQueueBackend['moveToFinishedArgs']>) {
      const bounded = typeof keep === 'object' && 'age' in keep ? { age: keep.age + keptLongerS(), limit: FORGOTTEN_AT_ONCE } : keep;
      return super.moveToFinishedArgs(job, value, field, bounded, ...rest);
    }

    override moveToCompletedArgs(...[job, value, keep, token, fetchNext]: Parameters<RedisQueueBackend['moveToCompletedArgs']>) {
      return this.moveToFinishedArgs(job, value, 'returnvalue', keep, 'completed', token, Date.now(), fetchNext, nonEmpty(fieldsOf(job)));
    }

    override moveToCompleted(...args: Parameters<RedisQueueBackend['moveToCompleted']>) {
      return retryWhileRefused(() => super.moveToCompleted(...args));
    }

    override moveToFailed(...args: Parameters<RedisQueueBackend['moveToFailed']>) {
      return retryWhileRefused(() => super.moveToFailed(...args));
    }

    override moveToDelayed(...args: Parameters<RedisQueueBackend['moveToDelayed']>) {
      return retryWhileRefused(() => super.moveToDelayed(...args));
    }

    override retryJob(...args: Parameters<RedisQueueBackend['retryJob']>) {
      return retryWhileRefused(() => super.retryJob(...args));
    }

    override moveJobFromActiveToWait(...args: Parameters<RedisQueueBackend['moveJobFromActiveToWait']>): Promise<unknown> {
      return retryWhileRefused<unknown>(() => super.moveJobFromActiveToWait(...args));
    }
  }

  // As BullMQ's own factory does it, for a connection that stays its caller's. BullMQ knows workers by the connection's name.
  return (queueName, opts) => {
    const client = createIORedisClient(redis);
    const queueKeys = new QueueKeys(keyPrefix);
    const connectionName = `${keyPrefix}:${btoa(queueName)}:w:${name}`;
    return new WorkerBackend(
      new RedisConnection(client, { shared: true, blocking: false }),
      queueName,
      queueKeys.getKeys(queueName),
      (type) => queueKeys.toKey(queueName, type),
      opts,
      new RedisConnection(client.duplicate({ connectionName }), { shared: false, blocking: true }),
    );
  };
}

/** BullMQ's script fails half-way where it is given fields and there are none. */
function nonEmpty(fields: RecordFields = {}): RecordFields | undefined {
  return Object.keys(fields).length > 0 ? fields : undefined;
}
