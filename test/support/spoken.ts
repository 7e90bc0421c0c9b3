/** Recordings for tests: spoken by espeak-ng, encoded by ffmpeg, as phones and browsers make them. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFindProgram } from '../../worker/programs.ts';

/** The folders of programs that this machine has. */
export const PATH: string = process.env['PATH'] ?? '';

const find = createFindProgram(PATH);

/** The programs; undefined where one is not installed. Tests that need it are skipped then. */
export const programs: { espeak: string | undefined; ffmpeg: string | undefined } = { espeak: find('espeak-ng'), ffmpeg: find('ffmpeg') };

/** Speaks a text: WAV of 22.05 kHz, 16 bits and one channel. */
export function speakWav(text: string, voice = 'en-us'): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'ai-jobs-test-'));
  try {
    execFileSync(programs.espeak ?? '', ['-v', voice, '-w', join(folder, 'a.wav'), '--', text]);
    return readFileSync(join(folder, 'a.wav'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** How ffmpeg makes each file. */
const RECIPES = {
  m4a: ['-c:a', 'aac', '-ar', '44100'],
  mp3: ['-c:a', 'libmp3lame', '-ar', '44100'],
  webm: ['-c:a', 'libopus', '-ar', '48000'],
  '3gp': ['-c:a', 'aac', '-ar', '16000'],
  'opus.ogg': ['-c:a', 'libopus', '-ar', '16000'],
  'vorbis.ogg': ['-c:a', 'libvorbis'],
  'stereo.wav': ['-ar', '44100', '-ac', '2'],
  'speech.wav': ['-ar', '16000', '-ac', '1'],
} as const satisfies Record<string, readonly string[]>;

/** The formats of {@link encode}. */
export type Recipe = keyof typeof RECIPES;

/** A recording in all formats, made by one run of ffmpeg. */
export function encode(wav: Buffer): Record<Recipe, Buffer> {
  const folder = mkdtempSync(join(tmpdir(), 'ai-jobs-test-'));
  const out = (recipe: string) => join(folder, `out.${recipe}`);
  try {
    writeFileSync(join(folder, 'in.wav'), wav);
    const outputs = Object.entries(RECIPES).flatMap(([recipe, options]) => [...options, out(recipe)]);
    execFileSync(programs.ffmpeg ?? '', ['-loglevel', 'error', '-i', join(folder, 'in.wav'), ...outputs]);
    return Object.fromEntries(Object.keys(RECIPES).map((recipe) => [recipe, readFileSync(out(recipe))])) as Record<Recipe, Buffer>;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Decodes any sound by ffmpeg: 16 bits, one channel, at this sample rate. Throws if ffmpeg finds a mistake in it. */
export function decode(file: Uint8Array, sampleRate: number): Int16Array {
  const args = ['-loglevel', 'error', '-xerror', '-i', 'pipe:0', '-ac', '1', '-ar', String(sampleRate), '-f', 's16le', 'pipe:1'];
  const pcm = execFileSync(programs.ffmpeg ?? '', args, { input: file, maxBuffer: 2 ** 28 });
  return new Int16Array(pcm.buffer.slice(pcm.byteOffset, pcm.byteOffset + pcm.length - (pcm.length % 2)));
}
