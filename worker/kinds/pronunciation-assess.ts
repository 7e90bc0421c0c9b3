/** The handler for pronunciation: one assessment of one recording. */
import type { SpeechAssessmentResult } from '../capabilities.ts';
import type { pronunciation } from '../../src/kinds/pronunciation-assess.ts';
import type { Handler } from '../handler.ts';

export const assessPronunciation: Handler<typeof pronunciation> = async ({ referenceText, language }, context) => {
  await context.stage('assessing', 10);
  return context.once('assessment', async (): Promise<SpeechAssessmentResult> => {
    const { bytes, facts } = await context.file('audio');
    const result = await context.work({ audio: { bytes, facts }, referenceText, language }, context.report, context.signal);
    context.answered();
    return result;
  });
};
