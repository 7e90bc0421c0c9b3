/** Draws speech: the whole text and its parts, each to be played and to be saved as a file. */
import { element } from './dom.ts';
import { Keyed } from './keyed.ts';
import { listOf, type Drawing } from './made.ts';

/** A file of speech. `type`: its media type, where it is told. */
type Speech = { outputUrl: string; text?: string; type?: string };

/** Endings of files by their media types. */
const ENDINGS: Readonly<Record<string, string>> = { 'audio/mpeg': 'mp3', 'audio/wav': 'wav' };

/** Makes the drawing. The whole comes first, once it is there. */
export function drawSpeech(): Drawing {
  const node = element('div', { class: 'speech' });
  const players = new Keyed<Speech & { name: string }>(node, { keyOf: ({ name }) => name, make: (speech) => drawPlayer(speech) });
  return {
    node,
    update(made) {
      const whole = (made.result as { audio?: Speech } | undefined)?.audio;
      const parts = listOf<Speech>(made, 'parts', (result: { parts?: Speech[] }) => result.parts);
      const named = parts.map((part, n) => ({ ...part, type: part.type ?? whole?.type ?? '', name: `speech-${n + 1}` }));
      const all = whole ? [{ ...whole, text: 'The whole text', name: 'speech' }, ...named] : named;
      players.update(parts.length === 1 && whole ? all.slice(0, 1) : all);
    },
  };
}

/** A player and a link. The address of a file has a token that changes, so it is set once, and a player plays on. */
function drawPlayer({ name, text = name, outputUrl, type = '' }: Speech & { name: string }) {
  const player = element('audio', { controls: true, preload: 'none', 'aria-label': text });
  player.src = outputUrl;
  const file = `${name}.${ENDINGS[type] ?? 'mp3'}`;
  const link = element('a', { href: outputUrl, download: file, 'aria-label': `Download: ${text}` }, 'Download');
  const node = element('div', { class: 'player arrives' }, element('p', { class: 'note' }, text), player, link);
  return { node, update: () => {} };
}
