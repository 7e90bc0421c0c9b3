/** Answers in the shapes in which models write them, made by chance: JSON that is none, in wrappers, in fences, behind thinking and prose. */
import type { Dice } from './dice.ts';

/** A card. */
type Card = { front: string; back: string };

/** An answer as text, with the cards that it has. `streams`: whether its cards can go out before it has ended. */
export type ShapedAnswer = { text: string; cards: Card[]; streams: boolean; shape: string };

const BITS = [
  'Lima',
  'What is "water"?',
  "it's",
  'a, b',
  ']}',
  '{"x":[1]}',
  '</think>',
  '<think>',
  '```',
  '// no comment',
  '/* none */',
  'Füße',
  '水は?',
  '😀',
  '\u2028',
  'C:\\dir',
  'two\nlines',
  'a\ttab',
  '# 1',
  '“so”',
  "'",
  '"',
  ':',
  'null',
  '$5',
  '\\(x\\)',
];

const PROSE = [
  'Sure! Here you are:',
  'Let me think {about} it [1].',
  'Ich habe {2} Karten: $\\frac{1}{2}$.',
  'Use { or [ as "you" like.',
  '# Cards\n\n- one',
];
const DRAFT = '{"flashcards":[{"front":"Draft?","back":"wrong"}]}';

/** Makes an answer. */
export function shapeAnswer(dice: Dice): ShapedAnswer {
  const pick = <T>(from: readonly T[]): T => from[dice(from.length)] as T;
  const text = (): string => Array.from({ length: 1 + dice(4) }, () => pick(BITS)).join(' ');
  const cards = Array.from({ length: 1 + dice(5) }, (_, n) => ({ front: `${n}: ${text()}`, back: `b ${text()}` }));
  const style = pick(STYLES);
  const write = (value: unknown): string => writeValue(value, style, dice);
  const [wrapper, wrap] = pick(Object.entries(WRAPPERS));
  const [envelope, dress] = pick(Object.entries(ENVELOPES));
  const json = wrap(cards, write);
  const dressed = dress(json, () => pick(PROSE));
  return { text: dressed.text, cards, streams: dressed.streams, shape: `${style.name}, ${wrapper}, ${envelope}` };
}

/** How values are written. */
type Style = {
  name: string;
  quotes: readonly [string, string];
  rawBreaks: boolean;
  commas: boolean;
  comments: boolean;
  bareNames: boolean;
  spaced: boolean;
};

const plain: Style = {
  name: 'plain',
  quotes: ['"', '"'],
  rawBreaks: false,
  commas: false,
  comments: false,
  bareNames: false,
  spaced: false,
};
const STYLES: readonly Style[] = [
  plain,
  { ...plain, name: 'spaced', spaced: true },
  { ...plain, name: 'raw line breaks and tabs', rawBreaks: true },
  { ...plain, name: 'trailing commas', commas: true, spaced: true },
  { ...plain, name: 'single quotes', quotes: ["'", "'"] },
  { ...plain, name: 'typographic quotes', quotes: ['“', '”'] },
  { ...plain, name: 'low quotes', quotes: ['„', '“'], spaced: true },
  { ...plain, name: 'comments', comments: true, spaced: true },
  { ...plain, name: 'bare names', bareNames: true },
  { name: 'all at once', quotes: ["'", "'"], rawBreaks: true, commas: true, comments: true, bareNames: true, spaced: true },
];

const COMMENTS = ['/* a "card" */', '// next }\n', '/* [ */ '];

function writeValue(value: unknown, style: Style, dice: Dice): string {
  const gap = style.spaced ? ['\n', '  ', ' \r\n'][dice(3)] : '';
  const note = style.comments && dice(3) === 0 ? COMMENTS[dice(COMMENTS.length)] : '';
  const join = (parts: string[], [open, close]: readonly [string, string]) =>
    open + gap + parts.join(`,${gap}${note}`) + (style.commas && parts.length > 0 ? ',' : '') + gap + close;
  if (typeof value === 'string') return writeText(value, style);
  if (Array.isArray(value))
    return join(
      value.map((each) => writeValue(each, style, dice)),
      ['[', ']'],
    );
  if (typeof value !== 'object' || value === null) return String(value);
  const members = Object.entries(value).map(([name, each]) => {
    const written = style.bareNames && /^\w+$/.test(name) ? name : writeText(name, style);
    return `${written}:${gap}${writeValue(each, style, dice)}`;
  });
  return join(members, ['{', '}']);
}

function writeText(text: string, { quotes: [open, close], rawBreaks }: Style): string {
  let inner = JSON.stringify(text).slice(1, -1);
  if (open === "'") inner = inner.replaceAll('\\"', '"').replaceAll("'", "\\'");
  if (open !== '"' && open !== "'") inner = inner.replaceAll(/[“”]/g, '\\$&');
  if (rawBreaks) inner = inner.replaceAll('\\\\', '\u0000').replaceAll('\\n', '\n').replaceAll('\\t', '\t').replaceAll('\u0000', '\\\\');
  return open + inner + close;
}

type Write = (value: unknown) => string;

const WRAPPERS: Record<string, (cards: Card[], write: Write) => string> = {
  'the object': (flashcards, write) => write({ flashcards }),
  'a bare list': (cards, write) => write(cards),
  'in result': (flashcards, write) => write({ result: { flashcards } }),
  'in response.data': (flashcards, write) => write({ response: { status: 200, data: { flashcards } } }),
  "in the kind's name": (flashcards, write) => write({ 'generate-flashcards': { flashcards } }),
  "as the list of the kind's name": (cards, write) => write({ 'generate-flashcards': cards }),
  'with other fields': (flashcards, write) => write({ note: 'x [1]', n: { a: [1, { b: 2 }] }, count: null, flashcards, more: [1] }),
  'names in another case': (Flashcards, write) => write({ Flashcards }),
  // One object alone behind a draft would be an example.
  'JSON lines': (cards, write) => (cards.length > 1 ? cards.map(write).join('\n') : write(cards)),
  'JSON in a text': (flashcards, write) => JSON.stringify(write({ flashcards })),
  'JSON in a text in result': (flashcards, write) => write({ result: JSON.stringify({ flashcards }) }),
  'the list in a text': (cards, write) => write({ flashcards: JSON.stringify(cards) }),
  'in a list of one': (flashcards, write) => write([{ flashcards }]),
};

type Dress = (json: string, prose: () => string) => { text: string; streams: boolean };

const ENVELOPES: Record<string, Dress> = {
  bare: (json) => ({ text: json, streams: true }),
  'white space': (json) => ({ text: `\n\n  ${json}\n`, streams: true }),
  'a fence': (json) => ({ text: `\`\`\`json\n${json}\n\`\`\``, streams: true }),
  'a fence without a language': (json) => ({ text: `\`\`\`\n${json}\n\`\`\`\nI hope this helps.`, streams: true }),
  thinking: (json) => ({ text: `<think>\nA draft: ${DRAFT} and {more.\n</think>\n\n${json}`, streams: true }),
  'thinking with other marks': (json) => ({ text: `[THINK]${DRAFT}[/THINK]${json}`, streams: true }),
  'thinking that was not opened': (json, prose) => ({ text: `${prose()} ${DRAFT} no.\n</think>\n${json}`, streams: true }),
  'thinking and a fence': (json) => ({ text: `<thinking>${DRAFT}</thinking>\n\`\`\`json\n${json}\n\`\`\``, streams: true }),
  prose: (json, prose) => ({ text: `${prose()}\n${json}\nAnything else?`, streams: false }),
  'prose and a fence': (json, prose) => ({ text: `${prose()}\n\`\`\`json\n${json}\n\`\`\`\n`, streams: false }),
  'prose and a draft': (json, prose) => ({ text: `First: ${DRAFT}\nNo, better:\n${prose()}\n${json}`, streams: false }),
};
