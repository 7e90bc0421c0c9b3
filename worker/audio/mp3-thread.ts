/**
 * The code of a thread that encodes speech as MP3: it takes one order at a time and answers with
 * the file.
 */
import { parentPort } from 'node:worker_threads';
import { createMp3Encoder } from 'wasm-media-encoders';
import { type Pcm, samplesOf } from './pcm.ts';

/**
 * A piece of speech to be encoded. `bitRate`: in kbit/s. `outputSampleRate`: that of the file, in
 * Hz.
 */
export type Mp3Order = { speech: Pcm; bitRate: 48; outputSampleRate: Mp3Rate | undefined };

/** The sample rates that MP3 has, in Hz. */
export type Mp3Rate = 8000 | 11_025 | 12_000 | 16_000 | 22_050 | 24_000 | 32_000 | 44_100 | 48_000;

/** How many samples are encoded at a time. */
const STEP = 65_536;

const encoder = await createMp3Encoder();

function encode({ speech, bitRate, outputSampleRate }: Mp3Order): Uint8Array {
  encoder.configure({ sampleRate: speech.sampleRate, channels: 1, bitrate: bitRate, ...(outputSampleRate && { outputSampleRate }) });
  const samples = samplesOf(speech.pcm);
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < samples.length; at += STEP) {
    chunks.push(encoder.encode([Float32Array.from(samples.subarray(at, at + STEP), (sample) => sample / 0x8000)]).slice());
  }
  return new Uint8Array(Buffer.concat([...chunks, encoder.finalize().slice()]));
}

parentPort?.on('message', (order: Mp3Order) => parentPort?.postMessage(encode(order)));
