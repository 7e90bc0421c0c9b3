/**
 * How metrics and spans call what a vendor is asked for. OpenTelemetry has a name for a structured
 * answer, and lets others be added.
 */
import type { CapabilityName } from '../src/kinds/kind.ts';

/** The names. */
export const OPERATIONS: Readonly<Record<CapabilityName, string>> = {
  structuredAnswer: 'chat',
  response: 'chat',
  imageText: 'image_text',
  speechAssessment: 'speech_assessment',
  speech: 'speech',
};
