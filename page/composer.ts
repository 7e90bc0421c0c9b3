/** The form: which kind of work, its fields, and who submits it. */
import { element, fill, find } from './dom.ts';
import type { DrawnField } from './drawn-field.ts';
import { drawField } from './fields.ts';
import { FORMS } from './forms.ts';

/** A kind as the server tells it. */
export type KindInfo = { name: string; path: string; available: boolean; provider?: string; missing?: string[]; needs?: string[] };

/** What is submitted. */
export type Composed = { kind: KindInfo; input: Record<string, unknown> };

/**
 * What the form has beside the fields of a kind: who submits, and a server that is told. `submit` resolves when the server has taken the
 * job; what it rejects with is shown.
 */
export type ComposerParts = { identity: HTMLElement; webhook: DrawnField; submit: (composed: Composed) => Promise<void> };

/** Draws the form. */
export function drawComposer(kinds: readonly KindInfo[], { identity, webhook, submit }: ComposerParts): void {
  const shown = kinds.filter(({ name }) => FORMS[name]);
  const area = element('div');
  const about = element('p', { class: 'note' });
  const wrong = element('div');
  const button = element('button', { type: 'submit' }, 'Submit');
  let chosen: { kind: KindInfo; fields: { name: string; field: DrawnField }[] } | undefined;

  const choose = (kind: KindInfo): void => {
    chosen?.fields.forEach(({ field }) => field.leave?.());
    const fields = (FORMS[kind.name]?.fields ?? []).map((field) => ({ name: field.name, field: drawField(field) }));
    chosen = { kind, fields };
    fill(area, ...fields.map(({ field }) => field.node));
    const labelOf = (name: string) => FORMS[kind.name]?.fields.find((field) => field.name === name)?.label ?? name;
    fill(about, providerIn(kind), kind.needs ? ` It needs: ${kind.needs.map(labelOf).join(', ')}.` : undefined);
    fill(wrong);
  };

  const send = async (): Promise<void> => {
    if (!chosen) return;
    const { kind, fields } = chosen;
    button.disabled = true;
    fill(wrong);
    try {
      const values = await Promise.all(
        [...fields, { name: 'callbackUrl', field: webhook }].map(async ({ name, field }) => [name, await field.read()] as const),
      );
      await submit({ kind, input: Object.fromEntries(values.filter(([, value]) => value !== undefined)) });
    } catch (error) {
      fill(
        wrong,
        element('div', { class: 'problem', role: 'alert' }, element('strong', {}, 'Not taken'), element('div', {}, messageOf(error))),
      );
      wrong.scrollIntoView({ block: 'nearest' });
    } finally {
      button.disabled = false;
    }
  };

  const choices = shown.map((kind, n) => {
    const isOff = !kind.available;
    const title = isOff ? `off: set ${(kind.missing ?? []).join(', ')}` : undefined;
    const radio = element('input', {
      type: 'radio',
      name: 'kind',
      value: kind.name,
      disabled: isOff,
      checked: n === 0,
      change: () => choose(kind),
    });
    return element('label', { title }, radio, FORMS[kind.name]?.label);
  });
  const onSubmit = (event: Event): void => {
    event.preventDefault();
    void send();
  };
  find('#composer').append(
    element(
      'form',
      { submit: onSubmit },
      element('fieldset', { class: 'kinds' }, element('legend', {}, 'What to make'), ...choices),
      area,
      about,
      webhook.node,
      identity,
      element('p', { class: 'actions' }, button),
      wrong,
    ),
  );
  const first = shown.find(({ available }) => available);
  if (first) choose(first);
}

function providerIn({ provider }: KindInfo): string {
  if (provider === undefined) return 'No worker is known yet: it waits for one.';
  return provider === 'offline' ? 'Made out of your text itself, without a model.' : `By ${provider}.`;
}

/** What an error says to the user: the problem's detail, with the fields at fault. */
function messageOf(error: unknown): string {
  const { detail, message, errors = [] } = error as { detail?: string; message?: string; errors?: { pointer: string; detail: string }[] };
  const fields = errors.map(({ pointer, detail: what }) => `${pointer.replace(/^#\//, '')}: ${what}`);
  return fields.length > 0 ? fields.join(' · ') : (detail ?? message ?? 'Something went wrong.');
}
