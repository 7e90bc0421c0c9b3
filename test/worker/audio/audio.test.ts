/** Sound: WAV and MP3 are read and written, recordings of phones are decoded, and children keep to their limits. */
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, expect, test } from 'vitest';
import { decodeRecording } from '../../../worker/audio/ffmpeg.ts';
import { speechFormats } from '../../../worker/audio/formats.ts';
import { durationOf, type Pcm, resample, samplesOf } from '../../../worker/audio/pcm.ts';
import { decodeWav, withTrueSizes, writeWav } from '../../../worker/audio/wav.ts';
import { runChild } from '../../../worker/bounded-child.ts';
import { createEspeak } from '../../../worker/vendors/espeak.ts';
import { chooseEspeakVoice, espeakLanguages, readEspeakVoices } from '../../../worker/vendors/espeak/voices.ts';
import { askProgram } from '../../../worker/programs.ts';
import { calm, keepReport } from '../../support/capability.ts';
import { decode, encode, programs, type Recipe, speakWav } from '../../support/spoken.ts';

/** A tone. */
function tone(seconds: number, sampleRate: number): Pcm {
  const samples = Int16Array.from({ length: seconds * sampleRate }, (_, n) => 12_000 * Math.sin((2 * Math.PI * 440 * n) / sampleRate));
  return { pcm: new Uint8Array(samples.buffer), sampleRate };
}

describe('WAV', () => {
  test('what is written is read again, at any place in memory', () => {
    const speech = tone(0.5, 16_000);
    const file = writeWav(speech);
    expect(decodeWav(file)).toEqual(speech);
    const shifted = new Uint8Array(file.length + 1);
    shifted.set(file, 1);
    expect(decodeWav(shifted.subarray(1))).toEqual(speech);
    expect(samplesOf(shifted.subarray(45)).length).toBe(8000);
    expect(durationOf(speech)).toBe(500);
  });

  test('a file that was streamed says no length: it goes to its end', () => {
    const file = writeWav(tone(0.5, 16_000));
    new DataView(file.buffer).setUint32(40, 0xffffffff, true);
    expect(decodeWav(file)?.pcm.length).toBe(16_000);
  });

  test.each([0, 0x7ffff000, 0x7fffffff, 0xffff_fffe, 16_040])('a length of %i that was never filled in goes to the end', (length) => {
    const file = Buffer.from(writeWav(tone(0.5, 16_000)));
    file.writeUInt32LE(length, 4);
    file.writeUInt32LE(length, 40);
    expect(decodeWav(file)?.pcm.length).toBe(16_000);
    expect(Buffer.from(withTrueSizes(file)).equals(Buffer.from(writeWav(tone(0.5, 16_000))))).toBe(true);
    expect(file.readUInt32LE(40)).toBe(length); // what came is left as it was
  });

  test('sound after an empty chunk of data is none', () => {
    const file = Buffer.from(writeWav({ pcm: new Uint8Array(), sampleRate: 8000 }));
    const list = Buffer.from('LIST\x04\0\0\0abcdid3 \x02\0\0\0ab', 'latin1');
    expect(decodeWav(Buffer.concat([file, list]))?.pcm.length).toBe(0);
  });

  /** A WAV of one sample a channel, at half of full scale. */
  const codings: [name: string, tag: number, bits: number, write: (data: Buffer, at: number) => void][] = [
    ['8 bits', 1, 8, (data, at) => data.writeUInt8(192, at)],
    ['16 bits', 1, 16, (data, at) => data.writeInt16LE(16_384, at)],
    ['24 bits', 1, 24, (data, at) => data.writeIntLE(4_194_304, at, 3)],
    ['32 bits', 1, 32, (data, at) => data.writeInt32LE(1_073_741_824, at)],
    ['floats', 3, 32, (data, at) => data.writeFloatLE(0.5, at)],
    ['double floats', 3, 64, (data, at) => data.writeDoubleLE(0.5, at)],
  ];
  test.each(codings)('%s, of one to three channels, plain or extensible, are read', (_, tag, bits, write) => {
    for (const channels of [1, 2, 3]) {
      for (const extensible of [false, true]) {
        const frame = (channels * bits) / 8;
        const format = Buffer.alloc(extensible ? 40 : 16);
        format.writeUInt16LE(extensible ? 0xfffe : tag, 0);
        format.writeUInt16LE(channels, 2);
        format.writeUInt32LE(24_000, 4);
        format.writeUInt32LE(24_000 * frame, 8);
        format.writeUInt16LE(frame, 12);
        format.writeUInt16LE(bits, 14);
        if (extensible) format.writeUInt16LE(tag, 24);
        const data = Buffer.alloc(2 * frame);
        for (let at = 0; at < data.length; at += bits / 8) write(data, at);
        const chunk = (name: string, body: Buffer) => {
          const head = Buffer.alloc(8);
          head.write(name, 'latin1');
          head.writeUInt32LE(body.length, 4);
          return Buffer.concat([head, body]);
        };
        const body = Buffer.concat([Buffer.from('WAVE'), chunk('fmt ', format), chunk('data', data)]);
        const sound = decodeWav(chunk('RIFF', body));
        expect([channels, extensible, sound?.sampleRate, [...samplesOf(sound?.pcm ?? new Uint8Array())]]).toEqual([
          channels,
          extensible,
          24_000,
          [16_384, 16_384],
        ]);
      }
    }
  });

  test('floats past full scale, and what is no number, become sound that can be heard', () => {
    const file = Buffer.from(writeWav({ pcm: new Uint8Array(16), sampleRate: 8000 }));
    file.writeUInt16LE(3, 20);
    file.writeUInt16LE(32, 34);
    for (const [n, value] of [1.5, -7, Number.NaN, 0].entries()) file.writeFloatLE(value, 44 + 4 * n);
    expect([...samplesOf(decodeWav(file)?.pcm ?? new Uint8Array())]).toEqual([32_767, -32_768, 0, 0]);
  });

  test('two channels become one; other chunks are passed over', () => {
    const head = Buffer.from(writeWav({ pcm: new Uint8Array(8), sampleRate: 8000 }));
    head.writeUInt16LE(2, 22);
    for (const [n, sample] of [100, 300, -50, 50].entries()) head.writeInt16LE(sample, 44 + 2 * n);
    const list = Buffer.from('LIST\x03\0\0\0abc\0', 'latin1');
    const file = Buffer.concat([head.subarray(0, 36), list, head.subarray(36)]);
    expect(Array.from(samplesOf(decodeWav(file)?.pcm ?? new Uint8Array()))).toEqual([200, 0]);
  });

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['text', Buffer.from('this is no sound at all, is it?')],
    ['12 bits', Buffer.from(writeWav(tone(0.1, 8000))).fill(12, 34, 35)],
    ['another coding', Buffer.from(writeWav(tone(0.1, 8000))).fill(2, 20, 21)],
    ['no data', Buffer.from(writeWav(tone(0.1, 8000))).subarray(0, 36)],
    ['a chunk that is longer than the file', Buffer.from(writeWav(tone(0.1, 8000))).fill(0xff, 16, 20)],
  ])('%s is no WAV that can be read', (_, file) => {
    expect(decodeWav(file)).toBeUndefined();
  });

  test('another sample rate keeps the duration', () => {
    const speech = resample(tone(1, 16_000), 24_000);
    expect([speech.sampleRate, durationOf(speech)]).toEqual([24_000, 1000]);
    expect(resample(speech, 24_000).pcm).toBe(speech.pcm);
  });
});

describe('MP3', () => {
  test.for([8000, 16_000, 22_050, 24_000, 44_100])('at %i Hz it knows its duration and its sample rate', async (sampleRate) => {
    const file = await speechFormats.mp3.encode(tone(2, sampleRate), calm);
    expect(Math.abs(speechFormats.mp3.duration(file) - 2000)).toBeLessThan(300);
    expect(speechFormats.mp3.sampleRate(file)).toBe(sampleRate);
  });

  test.skipIf(!programs.ffmpeg)(
    'files that follow each other are one: it is decoded without a mistake and is as long as they are',
    async () => {
      const files = await Promise.all([1, 2, 3].map((seconds) => speechFormats.mp3.encode(tone(seconds, 24_000), calm)));
      const whole = speechFormats.mp3.join(files);
      const seconds = decode(whole, 24_000).length / 24_000;
      expect(seconds).toBeGreaterThan(5.99);
      expect(seconds).toBeLessThan(6.4);
      const sum = files.reduce((total, file) => total + speechFormats.mp3.duration(file), 0);
      expect(Math.abs(speechFormats.mp3.duration(whole) - sum)).toBeLessThan(5);
      expect(Math.abs(sum - seconds * 1000)).toBeLessThan(100);
    },
  );

  test('an abort stops the encoding', async () => {
    const aborted = AbortSignal.abort(new Error('cancelled'));
    await expect(speechFormats.mp3.encode(tone(10, 16_000), aborted)).rejects.toThrow('cancelled');
  });
});

describe.skipIf(!programs.ffmpeg || !programs.espeak)('recordings', () => {
  const wav = programs.espeak && programs.ffmpeg ? speakWav('The quick brown fox jumps over the lazy dog.') : Buffer.alloc(0);
  const ffmpeg = programs.ffmpeg ?? '';
  const files = wav.length > 0 ? encode(wav) : ({} as Record<Recipe, Buffer>);
  const seconds = () => durationOf(decodeWav(wav) ?? tone(0, 1)) / 1000;
  const ours = () => readdirSync(tmpdir()).filter((name) => name.startsWith('recording-'));

  test.each([
    ['m4a', 'audio/mp4'],
    ['mp3', 'audio/mpeg'],
    ['webm', 'audio/webm'],
    ['3gp', 'audio/3gpp'],
    ['opus.ogg', 'audio/ogg'],
    ['vorbis.ogg', 'audio/ogg'],
    ['stereo.wav', 'audio/wav'],
  ] as [Recipe, string][])('%s is decoded to 16 kHz', async (recipe, type) => {
    const speech = await decodeRecording(ffmpeg, { bytes: files[recipe], type, maxSeconds: 31 }, calm);
    expect(Math.abs(durationOf(speech) / 1000 - seconds())).toBeLessThan(0.2);
    expect(Math.max(...samplesOf(speech.pcm))).toBeGreaterThan(3000);
    expect(ours()).toEqual([]);
  });

  test('only the beginning of a long one is decoded', async () => {
    const speech = await decodeRecording(ffmpeg, { bytes: files.m4a, type: 'audio/mp4', maxSeconds: 1 }, calm);
    expect(durationOf(speech)).toBe(1000);
  });

  test.each([
    ['half of a file', () => files.m4a.subarray(0, files.m4a.length / 2), 'audio/mp4'],
    ['a playlist that names a file', () => Buffer.from('#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n'), 'audio/mp4'],
    ['noise', () => Buffer.alloc(5000, 7), 'audio/mpeg'],
    ['a type that nobody knows', () => Buffer.alloc(10), 'video/x-msvideo'],
  ])('%s can not be decoded', async (_, make, type) => {
    await expect(decodeRecording(ffmpeg, { bytes: make(), type, maxSeconds: 31 }, calm)).rejects.toMatchObject({ code: 'invalid_input' });
    expect(ours()).toEqual([]);
  });

  test('an abort ends it', async () => {
    const controller = new AbortController();
    const decoding = decodeRecording(ffmpeg, { bytes: files.m4a, type: 'audio/mp4', maxSeconds: 31 }, controller.signal);
    controller.abort(new Error('cancelled'));
    await expect(decoding).rejects.toThrow('cancelled');
    expect(ours()).toEqual([]);
  });
});

describe.skipIf(process.platform === 'win32')('children', () => {
  const sh = (script: string) => ({ program: '/bin/sh', args: ['-c', script], timeoutMs: 20_000, maxOutput: 1000, memoryMb: 256 });

  test('one that works gives its output; it gets its input and no variable of ours', async () => {
    expect(String(await runChild({ ...sh('cat; env | grep -c KEY'), input: 'hello ' }, calm).catch(() => 'failed'))).toBe('failed');
    expect(String(await runChild({ ...sh('cat; env | grep -c KEY || true'), input: 'hello ' }, calm))).toBe('hello 0\n');
  });

  test.each([
    ['fails', sh('exit 3'), 'failed'],
    ['is not there', { ...sh(''), program: '/nowhere/at-all' }, 'failed'],
    ['runs on and on', { ...sh('sleep 1000'), timeoutMs: 100 }, 'timeout'],
    ['writes on and on', sh('yes'), 'output'],
  ])('one that %s is ended', async (_, request, why) => {
    await expect(runChild(request, calm)).rejects.toMatchObject({ name: 'ChildError', why });
  });

  test.skipIf(process.platform !== 'linux')('one that wants more memory than it may have fails', async () => {
    const greedy = {
      program: process.execPath,
      args: ['-e', 'new Uint8Array(2 ** 31).fill(1)'],
      timeoutMs: 20_000,
      maxOutput: 1000,
      memoryMb: 256,
    };
    await expect(runChild(greedy, calm)).rejects.toMatchObject({ why: 'failed' });
  });

  test('an abort kills it, and the promise settles when it is gone', async () => {
    const controller = new AbortController();
    const running = runChild(sh('trap "" TERM; sleep 1000'), controller.signal);
    controller.abort(new Error('cancelled'));
    await expect(running).rejects.toThrow('cancelled');
    await expect(runChild(sh('exit 0'), controller.signal)).rejects.toThrow('cancelled');
  });
});

describe.skipIf(!programs.espeak)('espeak-ng', () => {
  const voices = programs.espeak ? readEspeakVoices(askProgram(programs.espeak, ['--voices'])) : [];

  /** Thirty languages that learners ask for. */
  const THIRTY = 'ar bg ca cs da de el en es et fi fr he hi hr hu id it ja ko lt nb nl no pl pt ro ru sk sv tr uk vi zh'.split(' ');

  test('thirty languages have a voice, with their usual accents', () => {
    for (const language of THIRTY) expect([language, chooseEspeakVoice(language, voices)]).toEqual([language, expect.any(String)]);
    expect(espeakLanguages(voices)).toEqual(expect.arrayContaining(THIRTY));
    const chosen = ['en', 'en-GB', 'en-AU', 'fr', 'fr-CA', 'pt', 'pt-BR', 'zh', 'zh-CN', 'zh-HK', 'es-MX'].map((tag) =>
      chooseEspeakVoice(tag, voices),
    );
    expect(chosen).toEqual(['en-us', 'en-gb', 'en-us', 'fr-fr', 'fr-fr', 'pt', 'pt-br', 'cmn', 'cmn', 'yue', 'es-419']);
    expect(chooseEspeakVoice('tlh', voices)).toBeUndefined();
  });

  test('it speaks, faster if that is asked for, and costs nothing', async () => {
    const speak = createEspeak(programs.espeak ?? '', voices);
    const { report, calls } = keepReport();
    const text = { text: 'Grüße aus Köln! -v en [[ [[h@loU]] & <b>', language: 'de' };
    const slow = await speak({ ...text, speed: 0.5 }, report, calm);
    const fast = await speak({ ...text, speed: 2 }, report, calm);
    expect(durationOf(slow)).toBeGreaterThan(2 * durationOf(fast));
    expect(calls).toMatchObject([{ used: { inputTokens: 0, outputTokens: 0 } }, { settled: true }]);
    await expect(speak({ ...text, voice: 'nobody', speed: 1 }, report, calm)).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(speak({ ...text, voice: '../../etc/passwd', speed: 1 }, report, calm)).rejects.toMatchObject({ code: 'invalid_input' });
  });
});
