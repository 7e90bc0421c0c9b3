/** Stream tokens: EventSource can send no headers, so its address carries the permission to read one job's events. */
import { toBase64Url } from '../jobs/id.ts';
import { ProblemError } from '../jobs/problem.ts';

/** Issues and checks tokens. */
export type StreamTokens = {
  /** A token for reading this job's stream for an hour. */
  issue(jobId: string): Promise<string>;
  /** Asks for the secret again at the next use: the store that keeps it may have lost it. */
  forget(): void;
  /** Rejects with `token_invalid` or `token_expired` where the token does not open this job's stream. */
  check(jobId: string, token: string): Promise<void>;
};

const VALID_S = 3600;

type SigningKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/**
 * Tokens are `expiry.signature`: the second they expire at, in base 36, and HMAC-SHA-256 over it and the job's
 * id. `secret` is asked for at the first use and kept; all processes must get the same.
 */
export function createStreamTokens(secret: () => Promise<string>): StreamTokens {
  let imported: Promise<SigningKey> | undefined;
  const key = (): Promise<SigningKey> => {
    imported ??= secret().then((text) =>
      crypto.subtle.importKey('raw', new TextEncoder().encode(text), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify']),
    );
    imported.catch(() => (imported = undefined)); // asked again, where Redis was away
    return imported;
  };

  return {
    forget: () => void (imported = undefined),
    async issue(jobId) {
      const expiry = (Math.floor(Date.now() / 1000) + VALID_S).toString(36);
      const signature = await crypto.subtle.sign('HMAC', await key(), claim(jobId, expiry));
      return `${expiry}.${toBase64Url(new Uint8Array(signature))}`;
    },
    async check(jobId, token) {
      const [, expiry, signature] = /^([0-9a-z]{1,10})\.([A-Za-z0-9_-]{43})$/.exec(token) ?? [];
      if (expiry === undefined || signature === undefined) throw invalid();
      const valid = await crypto.subtle.verify('HMAC', await key(), fromBase64Url(signature), claim(jobId, expiry));
      if (!valid) throw invalid();
      if (Number.parseInt(expiry, 36) * 1000 < Date.now()) {
        throw new ProblemError(
          'token_expired',
          'The stream token is good for an hour; the job-status address gives a fresh streamUrl.',
          bearer,
        );
      }
    },
  };
}

const bearer = { headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' } };

function invalid(): ProblemError {
  return new ProblemError('token_invalid', "The stream token is not this job's; take streamUrl as the job's status gives it.", bearer);
}

function claim(jobId: string, expiry: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`stream ${jobId} ${expiry}`);
}

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0));
}
