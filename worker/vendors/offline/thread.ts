/**
 * The code of an offline thread: takes orders and answers each with its pieces, or with the problem.
 */
import { enableCompileCache } from 'node:module';
import { constants, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { ProblemError, type ProblemCode } from '../../../src/job/problem.ts';
import type { Piece } from '../../capabilities.ts';
import { makePieces, type Order } from './makers.ts';

/** What a thread answers to an order. */
export type OrderAnswer = { type: 'pieces'; pieces: Piece[] } | { type: 'problem'; code: ProblemCode; detail: string };

/** Anything but a ProblemError is a defect: it ends the thread, which its owner sees. */
async function answer(order: Order): Promise<OrderAnswer> {
  try {
    return { type: 'pieces', pieces: await makePieces(order) };
  } catch (error) {
    if (error instanceof ProblemError) return { type: 'problem', code: error.code, detail: error.detail };
    throw error;
  }
}

const { size, compileCache } = workerData as { size: 'small' | 'large'; compileCache?: string };
// The process keeps compiled code; a thread that uses it starts in half of the time.
if (compileCache !== undefined) enableCompileCache(compileCache);
// On Linux a thread has a priority of its own; elsewhere this would slow down the whole process.
if (size === 'large' && process.platform === 'linux') setPriority(constants.priority.PRIORITY_BELOW_NORMAL);

async function answerAll(orders: readonly Order[]): Promise<void> {
  const answers: OrderAnswer[] = [];
  for (const order of orders) answers.push(await answer(order));
  parentPort?.postMessage(answers);
}

parentPort?.on('message', (orders: Order[]) => void answerAll(orders));
