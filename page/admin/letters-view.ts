/** What went nowhere: failed deliveries, refused rows of the archive, failed jobs. Each can be tried again. */
import { element, fill } from '../dom.ts';
import { messageOf } from '../message-of.ts';
import { timeIn } from '../figures.ts';
import type { Letter, PageOf } from './answers.ts';
import type { Desk, View } from './desk.ts';
import { withQuery } from './operator-api.ts';
import { addressOf, type Place } from './place.ts';
import { buttonColumn, drawnColumn, Table, textColumn } from './table.ts';

const TYPES = [
  ['', 'all'],
  ['delivery', 'webhooks and pushes'],
  ['archive', 'rows of the archive'],
  ['job', 'failed jobs'],
] as const;

/** What a replay does, by type. */
const REPLAYS: Readonly<Record<string, string>> = {
  delivery: 'It is sent once more, with its webhook-id. It costs nothing.',
  archive: 'The row is sent to the archive once more. It costs nothing.',
  job: 'The job is retried. What it has finished is kept; the rest is bought once more.',
};

/** The list. */
export class LettersView implements View {
  readonly node: HTMLElement;
  readonly #desk: Desk;
  readonly #table: Table<Letter>;
  readonly #types = element('p', { class: 'filters', role: 'group', 'aria-label': 'Types that are shown' });
  readonly #more = element('button', { type: 'button', class: 'quiet', hidden: true, click: () => void this.#readMore() }, 'Show more');
  #letters: Letter[] = [];
  #cursor: string | undefined;
  #hasMore = false;
  #type = '';

  constructor(desk: Desk) {
    this.#desk = desk;
    this.#table = new Table<Letter>({
      label: 'Dead letters',
      empty: 'Nothing went nowhere.',
      keyOf: ({ id }) => id,
      columns: [
        textColumn('Type', ({ type }) => type),
        textColumn('Why', ({ code }) => code, 'name'),
        drawnColumn('Job', ({ jobId }) => [element('a', { href: addressOf('jobs', {}, jobId) }, jobId)]),
        textColumn('User', ({ userId = '–' }) => userId),
        textColumn('When', ({ at }) => timeIn(at)),
        buttonColumn<Letter>({
          label: () => 'Replay',
          about: ({ type, jobId }) => `${type} of ${jobId}`,
          press: (letter) => this.#replay(letter),
        }),
      ],
    });
    const below = element('p', { class: 'actions' }, this.#more);
    const head = element('h2', {}, 'Dead letters');
    this.node = element('section', { class: 'panel', 'aria-label': 'Dead letters' }, head, this.#types, this.#table.node, below);
  }

  show({ query }: Place): void {
    this.#type = query['type'] ?? '';
    this.#hasMore = false;
    const links = TYPES.map(([type, label]) =>
      element(
        'a',
        { class: 'chip', href: addressOf('dead-letters', { type }), 'aria-current': type === this.#type ? 'true' : undefined },
        label,
      ),
    );
    fill(this.#types, ...links);
    this.#table.update([]);
  }

  async read(): Promise<void> {
    if (this.#hasMore) return; // who looks at more of them is not disturbed
    const type = this.#type;
    const page = await this.#ask(undefined);
    if (type === this.#type && !this.#hasMore) this.#take(page.letters, page.nextCursor);
  }

  async #readMore(): Promise<void> {
    this.#hasMore = true;
    try {
      const { letters, nextCursor } = await this.#ask(this.#cursor);
      this.#take([...this.#letters, ...letters], nextCursor);
    } catch (error) {
      this.#desk.say(messageOf(error));
    }
  }

  #ask(cursor: string | undefined): Promise<PageOf<'letters', Letter>> {
    return this.#desk.ask(withQuery('/admin/dead-letters', { type: this.#type, limit: '50', cursor }));
  }

  #take(letters: Letter[], cursor: string | undefined): void {
    this.#letters = letters;
    this.#cursor = cursor;
    this.#more.hidden = cursor === undefined;
    this.#table.update(letters);
  }

  #replay({ type, jobId, code, replay }: Letter): void {
    this.#desk.question({
      title: 'Try this again?',
      facts: [`${type} of ${jobId}, which went nowhere with ${code}.`, REPLAYS[type] ?? ''],
      verb: 'Replay',
      act: async () => {
        await this.#desk.ask(replay, { method: 'POST', body: {} });
        this.#hasMore = false;
        return 'It is tried again.';
      },
    });
  }
}
