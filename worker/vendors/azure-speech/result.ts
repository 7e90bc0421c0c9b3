/**
 * Reads an assessment of Azure Speech. Its scores are flat in the REST interface and nested in its
 * SDK's JSON: both are read.
 */
import { z } from 'zod';
import { ProblemError } from '../../../src/job/problem.ts';
import type { SpeechAssessmentResult } from '../../capabilities.ts';
import { toRecognitionProblem } from './errors.ts';

const score = z.number().min(0).max(100).optional().catch(undefined);
/** In units of 100 ns. */
const ticks = z.number().min(0).optional().catch(undefined);

const scores = z.object({
  AccuracyScore: score,
  FluencyScore: score,
  CompletenessScore: score,
  ProsodyScore: score,
  PronScore: score,
  ErrorType: z.string().optional().catch(undefined),
});
const nested = { PronunciationAssessment: scores.optional().catch(undefined) };

const phoneme = scores.extend({ Phoneme: z.string(), ...nested });
const word = scores.extend({
  Word: z.string(),
  Offset: ticks,
  Duration: ticks,
  Phonemes: z.array(phoneme).optional().catch(undefined),
  ...nested,
});
const best = scores.extend({ Display: z.string().optional(), Lexical: z.string().optional(), Words: z.array(word).default([]), ...nested });
const answer = z.object({
  RecognitionStatus: z.string(),
  Duration: ticks,
  DisplayText: z.string().optional(),
  NBest: z.array(best).optional(),
});

/**
 * Reads the answer. `durationMs`: how long the recording is, where that is known; else it is what
 * was recognised.
 * @throws ProblemError `content_unusable` if there is nothing to assess, `provider_bad_answer` for
 * an answer of another shape
 */
export function readAssessment(raw: unknown, durationMs: number | undefined): SpeechAssessmentResult {
  const parsed = answer.safeParse(raw);
  if (!parsed.success) throw malformed();
  const { RecognitionStatus: status, Duration, DisplayText, NBest } = parsed.data;
  if (status !== 'Success') throw toRecognitionProblem(status);
  const first = NBest?.[0];
  if (!first) throw malformed();
  const recognizedText = first.Display ?? DisplayText ?? first.Lexical ?? '';
  if (recognizedText === '' && !first.Words.some(({ ErrorType }) => ErrorType !== 'Omission')) throw toRecognitionProblem('NoMatch');
  const { AccuracyScore: accuracy, FluencyScore: fluency, CompletenessScore: completeness, ...rest } = scoresOf(first);
  const { PronScore: pronunciation, ProsodyScore: prosody } = rest;
  if (accuracy === undefined || fluency === undefined || completeness === undefined || pronunciation === undefined) throw malformed();
  return {
    recognizedText,
    durationMs: durationMs ?? toMs(Duration ?? 0),
    scores: { pronunciation, accuracy, fluency, completeness, ...(prosody !== undefined && { prosody }) },
    words: first.Words.map(readWord),
  };
}

function readWord(entry: z.output<typeof word>): SpeechAssessmentResult['words'][number] {
  const { Word, Offset, Duration, Phonemes } = entry;
  const { AccuracyScore = 0, ErrorType = 'None' } = scoresOf(entry); // a word that was left out has no score
  // Phonemes have no names outside of some languages.
  const phonemes = Phonemes?.filter(({ Phoneme }) => Phoneme !== '').map((each) => ({
    phoneme: each.Phoneme,
    accuracy: scoresOf(each).AccuracyScore ?? 0,
  }));
  return {
    word: Word,
    accuracy: AccuracyScore,
    error: ErrorType.toLowerCase(),
    ...(Offset !== undefined && { offsetMs: toMs(Offset) }),
    ...(Duration !== undefined && { durationMs: toMs(Duration) }),
    ...(phonemes && phonemes.length > 0 && { phonemes }),
  };
}

type Scores = z.output<typeof scores>;

/** The scores of an entry, wherever they stand in it. */
function scoresOf(entry: Scores & { PronunciationAssessment?: Scores | undefined }): Scores {
  const defined = Object.entries(entry.PronunciationAssessment ?? {}).filter(([, value]) => value !== undefined);
  return { ...entry, ...Object.fromEntries(defined) };
}

function toMs(ticks: number): number {
  return Math.round(ticks / 10_000);
}

function malformed(): ProblemError {
  return new ProblemError('provider_bad_answer', 'Azure Speech answered in a shape that is not known.');
}
