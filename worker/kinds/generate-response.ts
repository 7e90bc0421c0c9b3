/** The handler for any prompt: it publishes the answer while it grows, and keeps how it ended. */
import { ProblemError } from '../../src/job/problem.ts';
import type { generateResponse } from '../../src/kinds/generate-response.ts';
import { attachmentsIn, putAttachments } from '../../src/kinds/response-attachments.ts';
import { foldDeltas, type GrowingItem, type ResponseDelta, answerText } from '../../src/kinds/response-deltas.ts';
import type { PromptEnd, StartedResponse } from '../capabilities.ts';
import type { Context, Handler } from '../handler.ts';
import { GrowingAnswer } from './growing-answer.ts';

const LIST = 'deltas';

/** Under which name the API keeps the files of a prompt. */
const ATTACHMENTS = 'attachments';

/** The names under which is kept how the answer ended, and what goes on at the provider. */
const [END, STARTED] = ['end', 'started'];

export const answerPrompt: Handler<typeof generateResponse> = async (input, context) => {
  const end = (context.field(END) as PromptEnd | undefined) ?? (await ask(input, context));
  const deltas = context.items(LIST) as readonly ResponseDelta[];
  return { text: answerText(foldDeltas(deltas)), ...end, deltas: [...deltas] };
};

/** The input with the bytes of its files. */
async function withFiles(input: Parameters<typeof answerPrompt>[0], context: Context<typeof generateResponse>): Promise<typeof input> {
  if (attachmentsIn(input.input).length === 0) return input;
  const kept = await context.kept(ATTACHMENTS);
  if (!kept) throw new ProblemError('input_gone', 'The files of the prompt are not kept any more; submit it anew.');
  return { ...input, input: putAttachments(input.input, JSON.parse(new TextDecoder().decode(kept)) as string[]) };
}

/** Asks the model, or goes on with what it was asked, until all of the answer is published. */
async function ask(input: Parameters<typeof answerPrompt>[0], context: Context<typeof generateResponse>): Promise<PromptEnd> {
  const published = context.items(LIST) as readonly ResponseDelta[];
  await context.stage('generating', 5);
  const output: GrowingItem[] = [];
  const answer = new GrowingAnswer(output, {
    published: foldDeltas(published),
    count: published.length,
    publish: (delta, percent) => context.item(LIST, delta, percent),
  });
  try {
    const end = await context.work(
      {
        input: await withFiles(input, context),
        begun: published.length > 0,
        started: (context.field(STARTED) ?? undefined) as StartedResponse | undefined,
        keepStarted: (started) => context.keepField(STARTED, started ?? null),
        output,
        grown: () => answer.grown(),
        isOver: () => context.isOver(),
      },
      context.report,
      context.signal,
    );
    context.answered();
    await answer.finish();
    context.keepField(END, end);
    return end;
  } catch (error) {
    // Who fails gives what there is. After an abort another run may go on, or nobody wants it.
    if (!context.signal.aborted) await answer.finish().catch(() => {});
    throw error;
  } finally {
    answer.stop();
  }
}
