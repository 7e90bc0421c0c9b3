/** The code of an offline thread: takes one order at a time and answers with its items, or with the problem. */
import { parentPort } from 'node:worker_threads';
import { ProblemError, type ProblemCode } from '../../../src/job/problem.ts';
import { makers, type Order } from './makers.ts';

/** What a thread answers to an order. */
export type Answer = { type: 'items'; items: unknown[] } | { type: 'problem'; code: ProblemCode; detail: string };

/** Anything but a ProblemError is a defect: it ends the thread, which its owner sees. */
function answer(order: Order): Answer {
  try {
    return { type: 'items', items: makers[order.kind](order) };
  } catch (error) {
    if (error instanceof ProblemError) return { type: 'problem', code: error.code, detail: error.detail };
    throw error;
  }
}

parentPort?.on('message', (order: Order) => parentPort?.postMessage(answer(order)));
