/** A local server that answers as Azure Speech does for short audio: by the text it is asked about, or as a test tells it to. */
import { type Answerer, sendJson, startVendorServer, type VendorCall, type VendorServer } from './vendor-server.ts';

/** The key that the server knows. */
export const AZURE_KEY = 'made-up-key';

/** Starts the server. Without `answer` it finds every word well spoken. */
export async function startAzureSpeech(answer: Answerer = findGood): Promise<VendorServer & { env: Record<string, string> }> {
  const server = await startVendorServer((response, call, n) => {
    if (call.headers['ocp-apim-subscription-key'] !== AZURE_KEY) {
      return sendJson(response, 401, {
        error: { code: '401', message: 'Access denied due to invalid subscription key or wrong API endpoint.' },
      });
    }
    return answer(response, call, n);
  });
  return { ...server, env: { AZURE_SPEECH_KEY: AZURE_KEY, AZURE_SPEECH_ENDPOINT: server.url } };
}

/** What a call asks for. */
export function wantedOf({ headers }: VendorCall): Record<string, string> {
  return JSON.parse(Buffer.from(String(headers['pronunciation-assessment']), 'base64').toString()) as Record<string, string>;
}

/** Finds every word of the reference text well spoken. */
export const findGood: Answerer = (response, call) => {
  const text = wantedOf(call)['ReferenceText'] ?? '';
  const words = text.split(/\s+/).map((word, n) => ({
    Word: word.toLowerCase().replaceAll(/[.,!?]/g, ''),
    Offset: n * 4_000_000,
    Duration: 3_000_000,
    Confidence: 0,
    AccuracyScore: 98,
    ErrorType: 'None',
    Phonemes: [{ Phoneme: 'g', AccuracyScore: 99, Offset: n * 4_000_000, Duration: 700_000 }],
    Feedback: { Prosody: { Break: { ErrorTypes: ['None'], BreakLength: 0 }, Intonation: { ErrorTypes: [] } } },
  }));
  sendJson(response, 200, recognised(text, { Words: words }));
};

/** An answer as the REST interface gives it, with flat scores. */
export function recognised(text: string, more: object): object {
  return {
    RecognitionStatus: 'Success',
    Offset: 600_000,
    Duration: 9_100_000,
    DisplayText: text,
    SNR: 31.2,
    NBest: [
      {
        Confidence: 0.97,
        Lexical: text.toLowerCase(),
        ITN: text.toLowerCase(),
        MaskedITN: text.toLowerCase(),
        Display: text,
        AccuracyScore: 91,
        FluencyScore: 96,
        CompletenessScore: 100,
        ProsodyScore: 84.3,
        PronScore: 90.2,
        ...more,
      },
    ],
  };
}
