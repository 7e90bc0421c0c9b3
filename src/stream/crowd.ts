/** The crowd: everyone who is being fed, whatever they follow. One heartbeat for all, no timer for any. */
import { encodeRetry, PING } from './frames.ts';

/** Where a follower's frames go. */
export type Sink = {
  /** Takes whole frames; the same bytes go to every follower that they are due to. */
  write(frames: Uint8Array): void;
  /** No more will come. */
  close(): void;
};

/** One who is being fed. */
export type Member = {
  sink: Sink;
  /** When its time is up, on performance.now()'s clock. */
  until: number;
  /** Called when the crowd lets it go, before its last bytes. */
  onDismiss: () => void;
};

/** See the file's sentence. */
export type Crowd = {
  join(sink: Sink, onDismiss: () => void): Member;
  leave(member: Member): void;
  /** Sends everyone a comment, so that no connection looks idle, and lets those go whose time is up. */
  heartbeat(): void;
  size(): number;
  /** Lets everyone go, and whoever still comes, each with a `retry` of its own, so that they don't come back all at once. */
  close(): void;
};

/** When one who is let go at the end may come back, in ms. */
const farewellMs = () => 1000 + 4000 * Math.random();

const encoder = new TextEncoder();
const ping = encoder.encode(PING);

/** Makes a crowd in which everyone may stay for `maxAgeMs`, give or take a tenth: then it is to reconnect. */
export function createCrowd(maxAgeMs: number): Crowd {
  const members = new Set<Member>();
  let closed = false;

  const dismiss = (member: Member, retryMs: number): void => {
    members.delete(member);
    member.onDismiss();
    member.sink.write(encoder.encode(encodeRetry(Math.round(retryMs))));
    member.sink.close();
  };

  return {
    join(sink, onDismiss) {
      const member = { sink, until: performance.now() + maxAgeMs * (0.9 + 0.2 * Math.random()), onDismiss };
      if (closed) dismiss(member, farewellMs());
      else members.add(member);
      return member;
    },
    leave: (member) => void members.delete(member),
    heartbeat() {
      const now = performance.now();
      for (const member of members) {
        if (now < member.until) member.sink.write(ping);
        else dismiss(member, 1000 * Math.random());
      }
    },
    size: () => members.size,
    close() {
      closed = true;
      for (const member of members) dismiss(member, farewellMs());
    },
  };
}
