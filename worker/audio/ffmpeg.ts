/**
 * Decodes recordings with the system's ffmpeg: a child that is limited in time, output and memory.
 */
import { randomUUID } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProblemError } from '../../src/job/problem.ts';
import { ChildError, runChild } from '../bounded-child.ts';
import type { Pcm } from './pcm.ts';

/** The sample rate that recognisers of speech work with, in Hz. */
export const SPEECH_RATE = 16_000;

/**
 * ffmpeg's reader for each type. It is named, because ffmpeg would else guess from the content, and
 * some of its readers fetch what a file tells them to.
 */
const DEMUXERS: Readonly<Record<string, string>> = {
  'audio/wav': 'wav',
  'audio/mp4': 'mov',
  'audio/3gpp': 'mov',
  'audio/aac': 'aac',
  'audio/mpeg': 'mp3',
  'audio/ogg': 'ogg',
  'audio/webm': 'matroska',
};

/** How long decoding may take, in ms. 30 s of speech take some 100 ms. */
const TIMEOUT_MS = 60_000;

/** The most memory that it may reserve, in MB. It needs less than half of it. */
const MEMORY_MB = 1024;

/**
 * Decodes a recording to speech of 16 kHz. ffmpeg reads a file and no pipe, because the index of an
 * m4a from a phone is at its end. The file has no name any more when ffmpeg starts, so that nothing
 * of it stays, whatever happens to this process.
 * `maxSeconds`: what comes after is not decoded.
 * @throws ProblemError `invalid_input` if it can't be decoded, `job_timeout` if that takes too
 * long, the signal's reason if that aborts
 */
export async function decodeRecording(
  ffmpeg: string,
  { bytes, type, maxSeconds }: { bytes: Uint8Array; type: string; maxSeconds: number },
  signal: AbortSignal,
): Promise<Pcm> {
  const demuxer = DEMUXERS[type];
  if (demuxer === undefined) throw new ProblemError('invalid_input', `A recording of the type ${type} can not be decoded.`);
  const path = join(tmpdir(), `recording-${randomUUID()}`);
  const nameless = process.platform !== 'win32';
  const file = await open(path, 'wx+', 0o600);
  try {
    await file.writeFile(bytes);
    if (nameless) await rm(path);
    const pcm = await runChild(
      {
        program: ffmpeg,
        args: toArgs(demuxer, nameless ? '/dev/fd/3' : path, maxSeconds),
        ...(nameless && { file: file.fd }),
        timeoutMs: TIMEOUT_MS,
        maxOutput: (maxSeconds + 1) * SPEECH_RATE * 2,
        memoryMb: MEMORY_MB,
      },
      signal,
    );
    if (pcm.length === 0) throw unreadable();
    return { pcm, sampleRate: SPEECH_RATE };
  } catch (error) {
    throw error instanceof ChildError ? toProblem(error) : error;
  } finally {
    await file.close();
    if (!nameless) await rm(path, { force: true });
  }
}

function toArgs(demuxer: string, source: string, maxSeconds: number): string[] {
  const input = `-nostdin -hide_banner -loglevel quiet -max_alloc 67108864 -protocol_whitelist file -threads 1 -f ${demuxer} -i`;
  const output = `-map 0:a:0 -t ${maxSeconds} -ac 1 -ar ${SPEECH_RATE} -threads 1 -f s16le pipe:1`;
  return [...input.split(' '), source, ...output.split(' ')];
}

function toProblem(error: ChildError): ProblemError {
  if (error.why === 'timeout') return new ProblemError('job_timeout', 'Decoding the recording took too long.', { cause: error });
  return unreadable(error);
}

function unreadable(cause?: Error): ProblemError {
  const detail = 'The recording can not be decoded: it is damaged, or has no sound in it.';
  return new ProblemError('invalid_input', detail, { cause });
}
