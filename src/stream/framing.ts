/**
 * A framing turns a job's events into the bytes of one protocol. Each follower of a job has one, so
 * that clients of several protocols follow the same feed.
 */
import type { JournalRow, Outcome } from '../job/snapshot.ts';
import type { JobView } from '../jobs/read-job.ts';
import type { Cursor } from './sse-encoding.ts';

/**
 * Returns a value of a job (a result, an item) as a client gets it: with the addresses of output
 * files.
 */
export type PutAddresses = <T>(value: T) => T;

/** The job as it was read for its followers. */
export type JobReading = JobView & {
  /** The reading has the rows after this sequence number. */
  after: number;
  /** The highest sequence number that a follower had when the reading began. */
  held: number;
  /** When the job will have ended, in s from now; undefined if that can't be estimated. */
  etaSeconds: number | undefined;
};

/** How far a follower is. */
export type Place = {
  /** The sequence number of the last row it was sent. */
  seq: number;
  /**
   * How far it is in the framing's own count, such as the number of its last event. A framing that
   * counts rows leaves it as it is.
   */
  at: number;
  /** The last status it was sent, as a key (see statusKey); '' before the first one. */
  lastStatus: string;
  /** Whether it has been sent all that it had missed. */
  live: boolean;
};

/** Bytes for all followers that are at the same place, and where they are in the count after them. */
export type Framed = { bytes: Uint8Array; at: number };

/** How the streams of a protocol stay open, and how they end without the job's end. */
export type StreamHabits = {
  /** What is sent now and then, so that no proxy takes the connection for idle; nothing if it is empty. */
  ping: Uint8Array;
  /**
   * `close`: a client reconnects after a clean close, and is told when. `break`: a client takes a
   * clean close for the end, so the connection is broken; it also has no greatest age.
   */
  interruption: 'close' | 'break';
};

/** A protocol. It keeps nothing: what is the same for several followers is made once for them. */
export type Framing = StreamHabits & {
  /**
   * Two framings of one job with the same name make the same bytes. The followers then share the
   * first one.
   */
  name: string;
  /** Which rows a reading needs: those that a follower has `missed`, or `all`, to count from the first. */
  reads: 'missed' | 'all';
  /**
   * What a client that has the events up to `cursor` lacks: something (`open`), nothing any more
   * (`over`); `unknown` if the job never had such a cursor.
   */
  standing(reading: JobReading, cursor: Cursor): 'open' | 'over' | 'unknown';
  /** A new row, for followers that have all rows before it; undefined if they need a reading for it. */
  row(jobId: string, row: JournalRow, at: number, putAddresses: PutAddresses): Framed | undefined;
  /** Makes the function that returns what a reading has and a follower lacks, with the job's end. */
  reading(reading: JobReading, putAddresses: PutAddresses): (place: Place) => Framed;
  /**
   * Tells a client to drop all that it has, because everything is sent again. Absent: the protocol
   * can't say it, and the connection is broken.
   */
  reset?(jobId: string): Uint8Array;
  /**
   * Whether the connection is broken after such an end, because the protocol has no other way to say
   * that the answer is not whole. Absent: it never is.
   */
  breaksAfter?(outcome: Outcome): boolean;
};
