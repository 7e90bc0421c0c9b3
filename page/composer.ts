/** The form: which kind of work, its fields, and who submits it. */
import { element, fill, find } from './dom.ts';
import type { DrawnField } from './drawn-field.ts';
import { drawField } from './fields.ts';
import { messageOf } from './message-of.ts';
import { type Field, labelOf } from './forms.ts';
import { formFromSchema, type FormSource } from './schema-form.ts';

/** A kind as the server tells it. */
export type KindInfo = { name: string; path: string; available: boolean; provider?: string; missing?: string[]; needs?: string[] };

/** What is submitted. */
export type Composed = { kind: KindInfo; input: Record<string, unknown> };

/** What the form has beside the fields of a kind. */
export type ComposerParts = {
  /** Who submits. */
  identity: HTMLElement;
  /** A server that is told of the end. */
  webhook: DrawnField;
  /** The server's OpenAPI document, which has the fields of each kind. */
  document: FormSource;
  /** Resolves when the server has taken the job; what it rejects with is shown. */
  submit(composed: Composed): Promise<void>;
};

/** The form as it is on the page. One kind is chosen at a time. */
export class Composer {
  readonly #parts: ComposerParts;
  readonly #area = element('div', { class: 'fields' });
  readonly #about = element('p', { class: 'note' });
  readonly #wrong = element('div');
  readonly #button = element('button', { type: 'submit' }, 'Submit');
  #chosen: KindInfo | undefined;
  #fields: { name: string; field: DrawnField }[] = [];

  constructor(parts: ComposerParts) {
    this.#parts = parts;
  }

  /** Draws the form, with the first kind that is on. */
  draw(kinds: readonly KindInfo[]): void {
    const { webhook, identity } = this.#parts;
    const first = kinds.find(({ available }) => available);
    const submit = (event: Event): void => {
      event.preventDefault();
      void this.#submit();
    };
    const choices = kinds.map((kind, n) => this.#choiceOf(kind, n === 0));
    fill(
      find('#composer'),
      element('h2', {}, 'Submit'),
      element(
        'form',
        { submit },
        element('fieldset', { class: 'kinds' }, element('legend', {}, 'What to make'), ...choices),
        this.#area,
        this.#about,
        webhook.node,
        identity,
        element('div', { class: 'submit' }, this.#wrong, this.#button),
      ),
    );
    if (first) this.#choose(first);
  }

  #choiceOf(kind: KindInfo, checked: boolean): HTMLElement {
    const { name, available, missing = [] } = kind;
    const change = (): void => this.#choose(kind);
    const radio = element('input', { type: 'radio', name: 'kind', value: name, disabled: !available, checked, change });
    return element('label', { title: available ? undefined : `off: set ${missing.join(', ')}` }, radio, labelOf(name));
  }

  #choose(kind: KindInfo): void {
    for (const { field } of this.#fields) field.leave?.();
    this.#chosen = kind;
    fill(this.#wrong);
    this.#show(kind, formFromSchema(this.#parts.document, kind));
  }

  #show(kind: KindInfo, fields: readonly Field[]): void {
    const drawn = fields.map((field) => ({ ...field, field: drawField(field) }));
    this.#fields = drawn;
    for (const { field, size } of drawn) field.node.classList.toggle('wide', size !== 'half');
    const nodes = (isMore: boolean) => drawn.filter((one) => (one.isMore ?? false) === isMore).map(({ field }) => field.node);
    const more = nodes(true);
    const folded = more.length > 0 && element('details', { class: 'wide' }, element('summary', {}, 'More'), ...more);
    fill(this.#area, ...nodes(false), folded);
    const labels = new Map(fields.map(({ name, label }) => [name, label]));
    const needs = kind.needs?.map((name) => labels.get(name) ?? name).join(', ');
    fill(this.#about, providerIn(kind), needs !== undefined && ` It needs: ${needs}.`);
  }

  async #submit(): Promise<void> {
    const [kind, fields] = [this.#chosen, this.#fields];
    if (!kind) return;
    this.#button.disabled = true;
    fill(this.#wrong);
    try {
      const all = [...fields, { name: 'callbackUrl', field: this.#parts.webhook }];
      const values = await Promise.all(all.map(async ({ name, field }) => [name, await field.read()] as const));
      await this.#parts.submit({ kind, input: Object.fromEntries(values.filter(([, value]) => value !== undefined)) });
    } catch (error) {
      this.#tell(error);
    } finally {
      this.#button.disabled = false;
    }
  }

  #tell(error: unknown): void {
    const about = [element('strong', {}, 'It was not submitted'), element('div', {}, messageOf(error))];
    fill(this.#wrong, element('div', { class: 'problem', role: 'alert' }, ...about));
    this.#wrong.scrollIntoView({ block: 'nearest' });
  }
}

function providerIn({ provider }: KindInfo): string {
  if (provider === undefined) return 'No worker is running yet. Your job waits until one starts.';
  return provider === 'offline' ? 'Made out of your text itself, without a model.' : `Provider: ${provider}.`;
}
