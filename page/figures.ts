/** Figures of a job in words: pieces, tokens, cost, time. */
import type { Usage } from '../client/src/shapes.ts';

/** What a job has used. An estimate is marked as one. */
export function usageIn(usage: Usage | undefined): string[] {
  if (!usage) return [];
  const tokens = usage.inputTokens + usage.outputTokens;
  return [
    ...(tokens > 0 ? [`${tokens.toLocaleString('en')} tokens`] : []),
    ...(usage.characters ? [`${usage.characters.toLocaleString('en')} characters`] : []),
    ...(usage.seconds ? [`${Math.round(usage.seconds)} s of sound`] : []),
    ...(usage.images ? [`${usage.images} ${usage.images === 1 ? 'image' : 'images'}`] : []),
    ...(usage.costUsd ? [costOf(usage.costUsd, usage.estimated === true)] : []),
  ];
}

/** A cost with the two digits that count; an estimate says so. */
export function costOf(usd: number, isEstimate: boolean): string {
  const digits = usd >= 1 ? 2 : Math.min(20, 1 - Math.floor(Math.log10(usd)));
  const text = `$${usd.toFixed(digits)}`;
  return isEstimate ? `about ${text} (estimate)` : text;
}

/** How many pieces there are. */
export function piecesIn(items: Readonly<Record<string, readonly unknown[]>>): number {
  return Object.values(items).reduce((sum, list) => sum + list.length, 0);
}

/** A duration in words. */
export function inWords(seconds: number): string {
  return seconds < 90 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}

/** A number of pieces in words. */
export function piecesInWords(count: number): string {
  return `${count} ${count === 1 ? 'piece' : 'pieces'}`;
}

/** A moment (RFC 3339) as a time of day; with the day where that is not today. '' for none. */
export function timeIn(text: string | undefined): string {
  if (text === undefined) return '';
  const at = new Date(text);
  const time = at.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false });
  const isToday = at.toDateString() === new Date().toDateString();
  return isToday ? time : `${at.toLocaleDateString([], { day: 'numeric', month: 'short' })} ${time}`;
}
