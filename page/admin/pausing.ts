/** The questions about pauses: what is to wait, why, and until when. */
import { drawField } from '../fields.ts';
import type { Pause } from './answers.ts';
import type { Desk } from './desk.ts';
import { reasonField, untilField, valuesOf } from './question.ts';
import { countIn } from './words.ts';

/** What a pause is about. */
export type Scope = Pick<Pause, 'scope' | 'name'>;

type Paused = { result: string; workers?: { live: number; holding: number } };

/** What a scope is called. */
export const nameOf = ({ scope, name }: Scope): string => (scope === 'all' ? 'all jobs' : `${scope} ${name ?? ''}`);

/** Asks for a pause. `scopes`: what can be chosen; `count` tells how many jobs of one wait and run. */
export function askToPause(desk: Desk, scopes: readonly Scope[], facts: readonly string[]): void {
  const [only] = scopes.length === 1 ? scopes : [];
  const options = scopes.map((scope, n) => [String(n), nameOf(scope)] as const);
  const choice = drawField({ type: 'choice', name: 'scope', label: 'What', options });
  const fields = { reason: reasonField('Users whose jobs wait are shown it.'), until: untilField() };
  desk.question({
    title: only ? `Pause ${nameOf(only)}?` : 'Pause what?',
    facts: [...facts, 'Jobs are accepted and wait. Those that run come to their end. It costs nothing.'],
    fields: only ? Object.values(fields) : [choice, ...Object.values(fields)],
    verb: 'Pause',
    async act() {
      const scope = only ?? scopes[Number(choice.read() ?? 0)] ?? { scope: 'all' };
      const { workers } = await desk.ask<Paused>('/admin/pause', { method: 'POST', body: { ...scope, ...valuesOf(fields) } });
      const held =
        workers && workers.holding < workers.live
          ? ` ${workers.live - workers.holding} of ${countIn(workers.live, 'worker')} did not say yet that they hold it.`
          : '';
      return `Paused: ${nameOf(scope)}.${held}`;
    },
  });
}

/** Asks for the end of a pause. */
export function askToResume(desk: Desk, { scope, name, reason }: Pause, facts: readonly string[]): void {
  const whole: Scope = name === undefined ? { scope } : { scope, name };
  desk.question({
    title: `Resume ${nameOf(whole)}?`,
    facts: [...(reason === undefined ? [] : [`It was paused because: ${reason}`]), ...facts, 'What waits begins within a second.'],
    verb: 'Resume',
    async act() {
      await desk.ask('/admin/resume', { method: 'POST', body: whole });
      return `Resumed: ${nameOf(whole)}.`;
    },
  });
}
