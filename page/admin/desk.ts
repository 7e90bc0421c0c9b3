/** What every view of the page has at hand, and what a view is. */
import type { BulkRun } from './answers.ts';
import type { OperatorApi } from './operator-api.ts';
import type { Place } from './place.ts';
import type { Question } from './question.ts';

/** What views act by. */
export type Desk = OperatorApi & {
  /** Asks the operator before something is changed. What is shown is read again when it was. */
  question(question: Question): void;
  /** Says something in words. */
  say(text: string): void;
  /** Shows how far a run is, until it is done. */
  follow(run: Pick<BulkRun, 'runId'>): void;
};

/** A view. `read` asks the server and draws what it says; `show` is told of each change of the address before. */
export type View = { readonly node: HTMLElement; show?(place: Place): void; read(): Promise<void> };
