/** The user's feed: all jobs of one user on one connection, each status and end as it happens; no rows, no cursors. */
import type { Snapshot } from '../jobs/event.ts';
import type { LookAt } from '../queue/look.ts';
import type { Ring } from '../queue/doorbell.ts';
import type { Crowd, Member, Sink } from './crowd.ts';
import { statusFrame, statusKey, userEndFrame } from './events.ts';

/** A running user feed. */
export type UserFeed = {
  /** Feeds a sink with a snapshot of the user's jobs, then with what happens; returns what stops it. */
  follow(owner: string, sink: Sink): () => void;
  /** Takes what the doorbell rings. */
  ring(ring: Ring): void;
  /** Takes stock of every followed user's jobs again. */
  reconcile(): void;
};

/** What a user feed is made with. */
export type UserFeedOptions = {
  look: LookAt;
  /** The user's jobs, newest first, as many as may matter. */
  jobsOf: (owner: string) => Promise<Snapshot[]>;
  crowd: Crowd;
  onError: (error: unknown) => void;
};

type Follower = {
  member: Member;
  /** What it was last told of each job. */
  told: Map<string, string>;
};

/** The followers of one user. */
type Channel = {
  owner: string;
  followers: Set<Follower>;
  /** Looks are told in the order they were made: a late one must not overrule a newer. */
  turn: Promise<void>;
};

/** How long after its end a job is still news to one who comes, in ms. */
const JUST_FINISHED_MS = 5 * 60_000;

/** How many jobs' owners are remembered, so that strangers' jobs cost no look. */
const OWNERS_KEPT = 10_000;

const encoder = new TextEncoder();

/** Makes a user feed. It costs a look for each change of a job only while somebody follows that job's user. */
export function createUserFeed({ look, jobsOf, crowd, onError }: UserFeedOptions): UserFeed {
  const channels = new Map<string, Channel>();
  const owners = new Map<string, string | undefined>();

  const leave = (channel: Channel, follower: Follower): void => {
    crowd.leave(follower.member);
    channel.followers.delete(follower);
    if (channel.followers.size === 0 && channels.get(channel.owner) === channel) channels.delete(channel.owner);
  };

  const inTurn = (channel: Channel, work: () => Promise<void>): void => {
    channel.turn = channel.turn.then(work).catch(onError);
  };

  /** Tells everyone of a job what they have not been told. */
  const tell = (channel: Channel, snapshot: Snapshot): void => {
    const key = statusKey(snapshot);
    let frames: Uint8Array | undefined;
    for (const { member, told } of channel.followers) {
      if (told.get(snapshot.id) === key) continue;
      told.set(snapshot.id, key);
      member.sink.write((frames ??= encoder.encode(frameOf(snapshot))));
    }
  };

  const takeStock = (channel: Channel): void =>
    inTurn(channel, async () => {
      const jobs = (await jobsOf(channel.owner)).filter(isNews);
      const ids = new Set(jobs.map(({ id }) => id));
      for (const { told } of channel.followers) for (const id of told.keys()) if (!ids.has(id)) told.delete(id);
      for (const snapshot of jobs.toReversed()) tell(channel, snapshot);
    });

  const ownerOf = async (jobId: string): Promise<string | undefined> => {
    if (owners.has(jobId)) return owners.get(jobId);
    const owner = (await look(jobId))?.snapshot.owner;
    owners.set(jobId, owner);
    if (owners.size > OWNERS_KEPT) owners.delete(owners.keys().next().value ?? '');
    return owner;
  };

  const changed = async (jobId: string): Promise<void> => {
    const channel = channels.get((await ownerOf(jobId)) ?? '');
    if (!channel) return;
    inTurn(channel, async () => {
      const seen = await look(jobId);
      if (seen) tell(channel, seen.snapshot);
    });
  };

  const reconcile = (): void => channels.forEach(takeStock);

  return {
    follow(owner, sink) {
      let channel = channels.get(owner);
      if (!channel) channels.set(owner, (channel = { owner, followers: new Set(), turn: Promise.resolve() }));
      const joined = channel;
      const stop = (): void => leave(joined, follower);
      const follower: Follower = { member: crowd.join(sink, () => stop()), told: new Map() };
      joined.followers.add(follower);
      takeStock(joined);
      return stop;
    },

    ring(ring) {
      if (channels.size === 0) return;
      if (ring.type === 'missed') reconcile();
      if (ring.type === 'changed') void changed(ring.jobId).catch(onError);
    },

    reconcile,
  };
}

function isNews({ finishedAt, end }: Snapshot): boolean {
  return !end || (finishedAt !== undefined && finishedAt > Date.now() - JUST_FINISHED_MS);
}

function frameOf(snapshot: Snapshot): string {
  return snapshot.end ? userEndFrame(snapshot.id, snapshot.end) : statusFrame(snapshot);
}
