/** Inspectors: type and facts by structure, refusals with a reason, and nothing else whatever the bytes are. */
import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ProblemError } from '../../src/job/problem.ts';
import { inspectAudio } from '../../src/kinds/inspect/audio.ts';
import { inspectImage } from '../../src/kinds/inspect/image.ts';
import { box, heic, jpeg, noise, ogg, png, wav, webp } from '../support/recordings.ts';

const audio = inspectAudio({ maxDurationMs: 30_000 });
const image = inspectImage({ minSide: 16, maxPixels: 50e6 });

/** What a refusal says. */
function refusal(inspect: () => unknown): string {
  try {
    inspect();
  } catch (error) {
    if (error instanceof ProblemError) return error.message;
    throw error;
  }
  return 'taken';
}

test('images: type and size in pixels, within the bounds', () => {
  const images: [make: (width: number, height: number) => Buffer, type: string][] = [
    [png, 'image/png'],
    [jpeg, 'image/jpeg'],
    [webp, 'image/webp'],
    [heic, 'image/heic'],
  ];
  for (const [make, type] of images) {
    expect(image(make(4032, 3024))).toEqual({ type, width: 4032, height: 3024 });
    expect(refusal(() => image(make(10_000, 5001)))).toMatch(/^invalid_input: .*50 million/);
    expect(type === 'image/heic' ? '15 × 4000' : refusal(() => image(make(15, 4000)))).toMatch(/15 × 4000/);
  }
  expect(image(png(16, 16))).toMatchObject({ width: 16, height: 16 });
  expect(refusal(() => image(png(20_000, 20_000)))).toMatch(/^invalid_input: .*20000 × 20000/);
  const lossless = Buffer.concat([
    Buffer.from('RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f', 'latin1'),
    Buffer.from([0x1f, 0xc0, 0x07, 0]),
    Buffer.alloc(9),
  ]);
  expect(image(lossless)).toEqual({ type: 'image/webp', width: 32, height: 32 });
  for (const other of [
    '%PDF-1.7 with more behind it',
    'GIF89a with more behind it..',
    '',
    'short',
    '<svg xmlns="http://www.w3.org/2000/svg"/>',
  ]) {
    expect(refusal(() => image(Buffer.from(other)))).toMatch(/^unsupported_media_type/);
  }
  const movie = box('ftyp', Buffer.from('isom\0\0\0\0mp41'));
  expect(refusal(() => image(movie))).toMatch(/^unsupported_media_type: .*AVIF/);
  for (const [brands, type] of [
    ['mif1____heic', 'image/heic'],
    ['avif____mif1avifmiaf', 'image/avif'],
    ['mif1____avifmiaf', 'image/avif'],
    ['avis____msf1avif', 'image/avif'],
    ['heic____mif1avif', 'image/heic'],
    ['mif1____', 'image/heic'],
  ] as const) {
    const properties = heic(640, 480);
    const file = Buffer.concat([box('ftyp', Buffer.from(brands)), properties.subarray(properties.readUInt32BE(0))]);
    expect([brands, image(file)]).toEqual([brands, { type, width: 640, height: 480 }]);
  }
});

test('a WAV: all of it is there, or it is refused', () => {
  expect(audio(wav(1.5))).toEqual({ type: 'audio/wav', codec: 'pcm-s16', sampleRate: 16_000, channels: 1, durationMs: 1500 });
  const sound = wav(1);
  for (const length of [16, 30, 44, 45, sound.length - 66]) {
    expect([length, refusal(() => audio(sound.subarray(0, length)))]).toEqual([length, expect.stringMatching(/^invalid_input/)]);
  }
  expect(refusal(() => audio(wav(0)))).toMatch(/no sound/);
  expect(refusal(() => audio(wav(31)))).toMatch(/30 s/);
});

/** Sizes as recorders leave them: never filled in, a little too large, right; or of a file that is cut off. */
const SIZES: [name: string, size: (there: number) => number, taken: boolean][] = [
  ['right', (there) => there, true],
  ['never filled in', () => 0, true],
  ['of 32 bits', () => 0xffffffff, true],
  ['the largest of 31 bits', () => 0x7fffffff, true],
  ['near the largest of 31 bits', () => 0x7ffff024, true],
  ['with the head in it', (there) => there + 8, true],
  ['64 bytes too large', (there) => there + 64, true],
  ['65 bytes too large', (there) => there + 65, false],
  ['half of it missing', (there) => 2 * there, false],
  ['just below the largest of 31 bits', () => 0x7fffefff, false],
];

test('a WAV is read to the bytes that are there, whatever a recorder left in its sizes; what lacks more is cut off', () => {
  for (const [riffName, riff, riffTaken] of SIZES) {
    for (const [dataName, data, dataTaken] of SIZES) {
      for (const seconds of [0.1, 1, 2.5]) {
        const file = wav(seconds);
        file.writeUInt32LE(riff(file.length - 8), 4);
        file.writeUInt32LE(data(file.length - 44), 40);
        const seen = riffTaken && dataTaken ? audio(file).durationMs : refusal(() => audio(file));
        const expected = riffTaken && dataTaken ? seconds * 1000 : expect.stringMatching(/^invalid_input: .*cut off/);
        expect([riffName, dataName, seen]).toEqual([riffName, dataName, expected]);
      }
    }
  }
});

test('a WAV whose data are empty has no sound, where other chunks follow', () => {
  const list = Buffer.from('LIST\x04\0\0\0abcd', 'latin1');
  expect(refusal(() => audio(Buffer.concat([wav(0), list])))).toMatch(/no sound/);
  expect(audio(Buffer.concat([wav(1), list]))).toMatchObject({ durationMs: 1000 });
});

test('a recording of two hours is told from its pages, and one that is cut off from its last', () => {
  expect(audio(ogg(29))).toEqual({ type: 'audio/ogg', codec: 'opus', sampleRate: 48_000, channels: 1, durationMs: 29_000 });
  expect(refusal(() => audio(ogg(7200)))).toMatch(/^invalid_input: .*30 s/);
  expect(refusal(() => audio(ogg(5).subarray(0, -10)))).toMatch(/cut off/);
});

/** What a phone, a browser or a desktop makes, as ffmpeg does. */
const coded: [name: string, args: string[], facts: object][] = [
  ['m4a', ['-c:a', 'aac', '-f', 'ipod'], { type: 'audio/mp4', codec: 'aac', sampleRate: 16_000 }],
  ['m4a in fragments', ['-c:a', 'aac', '-movflags', 'frag_keyframe+empty_moov', '-f', 'mp4'], { type: 'audio/mp4', codec: 'aac' }],
  ['3gp', ['-c:a', 'aac', '-f', '3gp'], { type: 'audio/3gpp', codec: 'aac' }],
  ['aac', ['-c:a', 'aac', '-f', 'adts'], { type: 'audio/aac', codec: 'aac', sampleRate: 16_000, channels: 1 }],
  ['mp3', ['-c:a', 'libmp3lame', '-f', 'mp3'], { type: 'audio/mpeg', codec: 'mp3', sampleRate: 16_000, channels: 1 }],
  ['mp3 of 44.1 kHz', ['-c:a', 'libmp3lame', '-ar', '44100', '-ac', '2', '-f', 'mp3'], { codec: 'mp3', sampleRate: 44_100, channels: 2 }],
  ['ogg with opus', ['-c:a', 'libopus', '-f', 'ogg'], { type: 'audio/ogg', codec: 'opus' }],
  ['ogg with vorbis', ['-c:a', 'libvorbis', '-ar', '44100', '-f', 'ogg'], { type: 'audio/ogg', codec: 'vorbis', sampleRate: 44_100 }],
  ['webm', ['-c:a', 'libopus', '-f', 'webm'], { type: 'audio/webm', codec: 'opus' }],
  ['webm as it is recorded', ['-c:a', 'libopus', '-live', '1', '-f', 'webm'], { type: 'audio/webm', codec: 'opus' }],
  ['wav of floats', ['-c:a', 'pcm_f32le', '-f', 'wav'], { type: 'audio/wav', codec: 'pcm-f32' }],
  ['wav with A-law', ['-c:a', 'pcm_alaw', '-f', 'wav'], { type: 'audio/wav', codec: 'alaw' }],
];

/** Encodes some seconds of a tone. */
function encode(seconds: number, args: string[]): Buffer {
  const file = `/tmp/ai-jobs-inspect-${process.pid}-${seconds}`;
  const { status, stderr } = spawnSync('ffmpeg', [
    '-v',
    'error',
    '-y',
    '-f',
    'lavfi',
    '-i',
    `sine=duration=${seconds}`,
    '-ar',
    '16000',
    ...args,
    file,
  ]);
  if (status !== 0) throw new Error(String(stderr));
  const read = spawnSync('cat', [file], { maxBuffer: 64 * 1024 * 1024 }).stdout;
  spawnSync('rm', [file]);
  return read;
}

const ffmpeg = spawnSync('ffmpeg', ['-version']).status === 0;

test.skipIf(!ffmpeg).each(coded)('%s: as long as it is, and never longer than allowed', (_, args, facts) => {
  const sound = encode(6, args);
  const found = audio(sound);
  expect(found).toMatchObject(facts);
  expect(Math.abs((found.durationMs ?? 0) - 6000)).toBeLessThan(150);
  expect(inspectAudio({ maxDurationMs: 6000 })(sound)).toEqual(found); // what an encoder adds does not count
  expect(refusal(() => inspectAudio({ maxDurationMs: 5000 })(sound))).toMatch(/^invalid_input: .*5 s/);
});

test.skipIf(!ffmpeg)('an m4a that lacks its end can not be read; a video without sound is no recording', () => {
  const sound = encode(3, ['-c:a', 'aac', '-f', 'ipod']);
  for (const share of [0.1, 0.5, 0.99])
    expect(refusal(() => audio(sound.subarray(0, sound.length * share)))).toMatch(/^invalid_input: .*cut off/);
  const film = spawnSync('ffmpeg', [
    '-v',
    'error',
    '-f',
    'lavfi',
    '-i',
    'color=duration=1:size=64x64',
    '-f',
    'mp4',
    '-movflags',
    'frag_keyframe+empty_moov',
    '-',
  ]);
  expect(refusal(() => audio(film.stdout))).toMatch(/^unsupported_media_type/);
});

const seeds = [
  wav(0.1),
  ogg(3),
  png(100, 100),
  jpeg(100, 100),
  webp(100, 100),
  heic(100, 100),
  ...(ffmpeg ? coded.map(([, args]) => encode(1, args)) : []),
];

test('whatever is done to a file, it is taken or refused with a problem', () => {
  const damage = fc.record({
    seed: fc.nat(seeds.length - 1),
    keep: fc.double({ min: 0, max: 1, noNaN: true }),
    head: fc.boolean(), // whether the harm is at the beginning, where structure is
    writes: fc.array(fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), value: fc.constantFrom(0, 1, 8, 127, 128, 255) }), {
      maxLength: 12,
    }),
    insert: fc.uint8Array({ maxLength: 20 }),
  });
  fc.assert(
    fc.property(damage, ({ seed, keep, head, writes, insert }) => {
      const whole = seeds[seed] ?? Buffer.alloc(0);
      const bytes = Buffer.concat([
        whole.subarray(0, Math.floor(whole.length * keep)),
        insert,
        whole.subarray(Math.floor(whole.length * keep)),
      ]);
      for (const { at, value } of writes) bytes[Math.floor(at * (head ? Math.min(bytes.length, 400) : bytes.length))] = value;
      for (const inspect of [audio, image]) {
        expect(refusal(() => inspect(bytes))).toMatch(/^(taken|invalid_input: |unsupported_media_type: )/);
        expect(refusal(() => inspect(bytes.subarray(0, Math.floor(bytes.length * keep))))).toMatch(/^(taken|invalid_input|unsupported)/);
      }
    }),
    { numRuns: 3000 },
  );
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      fc.constantFrom('RIFF', 'OggS', 'ID3', '\x1aE\xdf\xa3', '\0\0\0\x18ftyp', '\xff\xf1', '\xff\xfb', '\xff\xd8\xff'),
      (rest, magic) => {
        const bytes = Buffer.concat([Buffer.from(magic, 'latin1'), rest]);
        for (const inspect of [audio, image]) expect(refusal(() => inspect(bytes))).toMatch(/^(taken|invalid_input|unsupported)/);
      },
    ),
    { numRuns: 3000 },
  );
});

test('ten megabytes of nothing but structure are given up after so many pieces', () => {
  const unbounded = inspectAudio({ maxDurationMs: 1e12 });
  const given = (bytes: Buffer) => [refusal(() => unbounded(bytes)), refusal(() => image(bytes))];
  const many = (unit: Buffer) => Buffer.alloc(10_000_000 - (10_000_000 % unit.length), unit);
  const ftyp = box('ftyp', Buffer.from('M4A \0\0\0\0M4A '));
  const track = box(
    'trak',
    box('tkhd', Buffer.alloc(24)),
    box('mdia', box('mdhd', Buffer.alloc(24, 1)), box('hdlr', Buffer.from('\0\0\0\0\0\0\0\0soun'))),
  );
  const moov = box('moov', many(track));
  const beginning = ogg(1).subarray(0, 28 + 19);
  const id3 = Buffer.from('ID3\x04\0\0\0\0\0\0', 'latin1');
  const webm = Buffer.from('1a45dfa3874282847765626d18538067ff1654ae6bff', 'hex');
  const entry = Buffer.from('ae86d78101838102', 'hex');
  const cases: Buffer[] = [
    Buffer.concat([ftyp, many(box('free'))]),
    Buffer.concat([ftyp, moov]),
    Buffer.concat([ftyp, box('moov'), many(box('moof', box('traf')))]),
    many(beginning),
    many(id3),
    Buffer.concat([webm, many(entry)]),
    Buffer.concat([webm, entry, Buffer.from('1f43b675ff', 'hex'), many(Buffer.from('a38481000000', 'hex'))]),
    Buffer.concat([wav(0).subarray(0, 36), many(Buffer.from('LIST\0\0\0\0', 'latin1'))]),
    Buffer.concat([Buffer.from([0xff, 0xd8]), many(Buffer.from([0xff, 0xe0, 0, 2]))]),
    Buffer.concat([Buffer.from([0xff, 0xd8, 0xff]), many(Buffer.from([0xff]))]),
    Buffer.concat([
      box('ftyp', Buffer.from('heic\0\0\0\0heic')),
      box('meta', Buffer.alloc(4), box('iprp', box('ipco', many(box('ispe', Buffer.alloc(12, 1)))))),
    ]),
  ];
  for (const bytes of cases) expect(given(bytes)).toContain('invalid_input: is malformed: it has too many pieces');
  // Frames of sound have no end; what is behind them is not searched for more.
  const frame = Buffer.concat([Buffer.from([0xff, 0xfb, 0x90, 0]), Buffer.alloc(413)]);
  const behind = Buffer.concat([frame, frame, noise(200_000).map((byte) => byte & 0x7f), frame, frame]);
  expect(unbounded(behind)).toMatchObject({ type: 'audio/mpeg', durationMs: 52 });
});

test.skipIf(!ffmpeg)(
  'an MP3 whose first frame says how long it is, is refused where it is cut off; one without that note is taken as it is',
  () => {
    const sound = encode(6, ['-c:a', 'libmp3lame', '-f', 'mp3']);
    expect(refusal(() => audio(sound.subarray(0, 9000)))).toMatch(/^invalid_input: .*cut off/);
    const bare = encode(6, ['-c:a', 'libmp3lame', '-write_xing', '0', '-f', 'mp3']);
    expect(audio(bare.subarray(0, 9000)).durationMs).toBeLessThan(6000);
  },
);
