/**
 * Whether two submissions under one key are the same, where another release has stored the first
 * one: its input may have other fields for the same request.
 */
import type { Payload } from '../job/record.ts';
import { isNewer, readVersion, upgradeInput } from '../kinds/input-versions.ts';
import { jobInput, type Kind } from '../kinds/kind.ts';
import { digestOf } from '../store/digest.ts';
import { type AddRequest, fingerprintOf } from './add-job.ts';

/**
 * Tells whether a request is the one that a job was made from, though their inputs differ. An older
 * input is upgraded and compared. Of a newer one it can't be told: then it counts as the same, so
 * that nothing is bought twice while releases change. Inputs of the same version are not the same.
 */
export function isSameUpgraded(request: AddRequest, stored: Payload, kinds: readonly Kind[]): boolean {
  const find = (name: string | undefined) => kinds.find((kind) => kind.name === name);
  const kind = find(request.kind);
  if (!kind || stored.next !== request.next?.kind) return false;
  if (isNewer(stored, kind, find(stored.next))) return true;
  const isSameVersion = readVersion(stored.v) === readVersion(request.v) && readVersion(stored.nextV) === readVersion(request.next?.v);
  if (isSameVersion) return false;
  const { data: input } = jobInput(kind).safeParse(upgradeInput(kind, stored));
  return digestOf(fingerprintOf({ input, targets: stored.targets })) === digestOf(fingerprintOf(request));
}
