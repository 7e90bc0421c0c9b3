/** Draws a lesson, part by part, as its sections, words and exercises come. */
import { element, fill, setText, type Child } from './dom.ts';
import { Keyed } from './keyed.ts';
import { listOf, type Drawing, type Made } from './made.ts';

type Section = { heading: string; body: string; examples?: string[] };
type Word = { term: string; meaning: string; example?: string };
type Exercise = { question: string; choices?: string[]; answer: string; explanation?: string };

/** A lesson as its result has it. One that has not ended has only some of it. */
export type Lesson = {
  title?: string;
  objectives?: readonly string[];
  sections?: readonly Section[];
  vocabulary?: readonly Word[];
  exercises?: readonly Exercise[];
};

/** Makes the drawing. */
export function drawLesson(): Drawing {
  const title = element('h3', { hidden: true });
  const parts = [
    new Part<string>('objectives', element('ul'), 'li', (text) => [text]),
    new Part<Section>('sections', element('div'), 'div', ({ heading, body, examples }) => [
      element('h3', {}, heading),
      element('p', {}, body),
      examples && list(examples),
    ]),
    new Part<Word>(
      'vocabulary',
      element('dl', { class: 'pairs' }),
      'div',
      ({ term, meaning, example }) => [
        element('dt', {}, term),
        element('dd', {}, meaning, example && element('span', { class: 'note' }, ` ${example}`)),
      ],
      'Vocabulary',
    ),
    new Part<Exercise>(
      'exercises',
      element('div'),
      'details',
      ({ question, choices, answer, explanation }) => [
        element('summary', {}, question),
        choices && list(choices),
        element('p', {}, answer, explanation && ` (${explanation})`),
      ],
      'Exercises',
    ),
  ];
  return {
    node: element('div', { class: 'prose' }, title, ...parts.map(({ node }) => node)),
    update(made) {
      const text = (made.result as { lesson?: Lesson } | undefined)?.lesson?.title ?? '';
      setText(title, text);
      title.hidden = text === '';
      for (const part of parts) part.update(made);
    },
  };
}

const list = (items: readonly string[]): HTMLElement => element('ul', {}, ...items.map((item) => element('li', {}, item)));

/** One list of a lesson, with its heading. It is hidden while it is empty. */
class Part<Item> {
  readonly node: HTMLElement;
  readonly #name: keyof Lesson;
  readonly #rows: Keyed<Item>;

  constructor(name: keyof Lesson, area: HTMLElement, tag: 'li' | 'div' | 'details', draw: (item: Item) => Child[], heading?: string) {
    this.#name = name;
    this.node = element('section', { hidden: true }, heading && element('h3', {}, heading), area);
    this.#rows = new Keyed<Item>(area, {
      make(item) {
        const node = element(tag, { class: 'arrives' }, ...draw(item));
        return { node, update: (changed) => fill(node, ...draw(changed)) };
      },
    });
  }

  update(made: Made): void {
    const items = listOf<Item>(made, this.#name, ({ lesson }: { lesson?: Lesson }) => lesson?.[this.#name] as readonly Item[] | undefined);
    this.#rows.update(items);
    this.node.hidden = items.length === 0;
  }
}
