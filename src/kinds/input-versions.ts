/**
 * Versions of a kind's input. A record keeps the version of its input, so that API and workers of
 * several versions can stand beside each other.
 */
import type { Payload } from '../job/record.ts';
import type { Kind } from './kind.ts';

/** What a record keeps of an input, and of the job that it leads to. */
export type StoredInput = Pick<Payload, 'v' | 'next' | 'nextV' | 'input'>;

/** The version of a kind's input, as this process knows it: 1, and one more for each upgrade. */
export function versionOf({ upgrades = [] }: Pick<Kind, 'upgrades'>): number {
  return 1 + upgrades.length;
}

/** The version as a record keeps it: nothing for the first one, as in records from before versions. */
export function keptVersion(kind: Pick<Kind, 'upgrades'>): number | undefined {
  const version = versionOf(kind);
  return version === 1 ? undefined : version;
}

/** The version that a record names. What is no version is the first one. */
export function readVersion(value: unknown): number {
  return Number.isSafeInteger(value) && Number(value) > 1 ? Number(value) : 1;
}

/** Whether a record needs newer kinds than these: its own, or that of the job that it leads to. */
export function isNewer({ v, next, nextV }: StoredInput, kind: Kind, following: Kind | undefined): boolean {
  if (readVersion(v) > versionOf(kind)) return true;
  return next !== undefined && readVersion(nextV) > (following ? versionOf(following) : 1);
}

/**
 * A stored input, upgraded to the version that this process knows, with the inputs of other kinds
 * in it. It is not parsed yet. An input that is no object is left as it is.
 */
export function upgradeInput(kind: Kind, { v, next, nextV, input }: StoredInput): unknown {
  if (!isObject(input)) return input;
  const upgraded = { ...upgrade(kind, v, input) };
  for (const [field, inner] of Object.entries(kind.nested?.(upgraded) ?? {})) {
    const value = upgraded[field];
    if (inner.name === next && isObject(value)) upgraded[field] = upgrade(inner, nextV, value);
  }
  return upgraded;
}

function upgrade({ upgrades = [] }: Kind, version: unknown, input: Record<string, unknown>): Record<string, unknown> {
  return upgrades.slice(readVersion(version) - 1).reduce((values, step) => step(values), input);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
