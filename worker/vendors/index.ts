/** All vendors, in the order in which they are asked. The first one that can do a kind does it. */
import { azureDocument } from './azure-document.ts';
import { azureSpeech } from './azure-speech.ts';
import { azureVision } from './azure-vision.ts';
import { espeak } from './espeak.ts';
import { offline } from './offline.ts';
import { openai } from './openai.ts';
import { polly } from './polly.ts';
import { tesseract } from './tesseract.ts';
import type { Vendor } from './vendor.ts';

export const vendors: readonly Vendor[] = [azureSpeech, azureDocument, azureVision, polly, openai, offline, tesseract, espeak];
