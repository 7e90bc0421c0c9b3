/** Photographed pages: real images with text, drawn by sharp, and the share of wrong characters in what was read of them. */
import sharp from 'sharp';
import { createDice } from './dice.ts';

/** A block of lines on a page. */
export type Column = { x: number; lines: readonly string[] };

/** How a page looks. Angles are in degrees, sizes in pixels. */
export type Look = { width?: number; height?: number; size?: number; ink?: string; paper?: string; angle?: number; font?: string };

const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** Draws a page as an SVG. */
function draw(
  columns: readonly Column[],
  { width = 1240, height = 900, size = 30, ink = '#222', paper = '#fdfcf8', font = 'DejaVu Serif' }: Look,
): string {
  const texts = columns.flatMap(({ x, lines }) =>
    lines.map(
      (line, n) =>
        `<text x="${x}" y="${90 + n * size * 1.6}" font-family="${font}" font-size="${size}" fill="${ink}">${escape(line)}</text>`,
    ),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="100%" height="100%" fill="${paper}"/>${texts.join('')}</svg>`;
}

/** Gaussian noise (mean 128, sigma 6) by Box and Muller, a byte each. It is seeded, so that every run reads the same photograph. */
function cameraNoise(length: number): Buffer {
  const STEPS = 1 << 24;
  const roll = createDice(1);
  const noise = Buffer.alloc(length);
  for (let at = 0; at < length; at++) {
    const radius = Math.sqrt(-2 * Math.log((roll(STEPS) + 1) / STEPS));
    noise[at] = Math.round(128 + 6 * radius * Math.cos((2 * Math.PI * roll(STEPS)) / STEPS));
  }
  return noise;
}

/** A photograph of a page: a little out of focus, with the noise of a camera, as JPEG. */
export async function photograph(columns: readonly Column[], look: Look = {}): Promise<Buffer<ArrayBuffer>> {
  const { paper = '#fdfcf8', angle = 0 } = look;
  const page = await sharp(Buffer.from(draw(columns, look)))
    .rotate(angle, { background: paper })
    .blur(0.7)
    .removeAlpha()
    .toBuffer();
  const { width, height } = await sharp(page).metadata();
  const noise = { input: cameraNoise(width * height * 3), raw: { width, height, channels: 3 as const } };
  return sharp(page)
    .composite([{ ...noise, blend: 'soft-light' }])
    .jpeg({ quality: 85 })
    .toBuffer();
}

/** A drawn page without any of that, as PNG. */
export async function print(lines: readonly string[], look: Look = {}): Promise<Buffer<ArrayBuffer>> {
  return sharp(Buffer.from(draw([{ x: 60, lines }], look)))
    .png()
    .toBuffer();
}

/** The share of wrong characters: the edit distance, by the length of what is right. White space counts once. */
export function wrongShare(read: string, right: string): number {
  const [a, b] = [read, right].map((text) => Array.from(text.replaceAll(/\s+/g, ' ').trim())) as [string[], string[]];
  let row = b.map((_, n) => n + 1);
  for (const [i, char] of a.entries()) {
    let corner = i;
    let left = i + 1;
    row = b.map((other, j) => {
      const above = row[j] ?? 0;
      const best = Math.min(above + 1, left + 1, corner + (char === other ? 0 : 1));
      corner = above;
      left = best;
      return best;
    });
  }
  return (row.at(-1) ?? 0) / b.length;
}

/** Three pages: their text, and how they were photographed. */
export const PAGES = {
  english: [
    'The water cycle has no beginning and no end.',
    'The sun heats the sea, and water rises as vapour.',
    'High in the air the vapour cools and forms clouds.',
    'Rain and snow fall on mountains, fields and towns.',
    'Rivers carry the water back to the sea, where it',
    'starts again. A drop stays about nine days in the air,',
    'and more than three thousand years in the ocean.',
  ],
  german: [
    'Der Wald im Herbst',
    'Die Blätter färben sich',
    'gelb und rot. Früh am',
    'Morgen liegt Nebel über',
    'den Wiesen, und Füchse',
    'suchen müde ihren Bau.',
    'Größere Vögel ziehen',
    'nach Süden.',
  ],
  french: [
    'La forêt en automne',
    'Les feuilles jaunissent',
    'et rougissent. Tôt le',
    'matin, la brume couvre',
    'les prés, et les renards',
    'rentrent, fatigués. Les',
    'grands oiseaux volent',
    'vers le sud.',
  ],
} as const;
