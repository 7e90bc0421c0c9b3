/** Writes the same cards down as people do: exports, pages, subtitles and notes, in all their dresses. */
import type { Dice } from './dice.ts';

/** A text, and the cards that its author meant, as "front | back". */
export type Pasted = { shape: string; text: string; cards: string[] };

type Pair = readonly [term: string, meaning: string];

const PAIRS: readonly Pair[] = [
  ['Hund', 'dog'],
  ['Käse', 'cheese'],
  ['Straße', 'street'],
  ['der Garten', 'the garden'],
  ['gehen', 'to walk'],
  ['Übung', 'practice'],
  ['ñandú', 'rhea'],
  ['Schmetterling', 'butterfly'],
  ['well-known', 'bekannt'],
  ['Fenster', 'window'],
  ['Zug', 'train'],
  ['Blume', 'flower'],
];

/** What only some formats can hold: marks of others inside of a cell. */
const ODD: readonly Pair[] = [
  ['Haus, das', 'house'],
  ['Tom & Jerry', 'a cartoon; old'],
  ['der "Kater"', 'tom-cat'],
];

const SAID: readonly Pair[] = [
  ['Osmosis', 'the movement of water through a membrane'],
  ['Diffusion', 'the movement of particles from high to low concentration'],
  ['Photosynthesis', 'the process by which green plants make sugar out of light'],
  ['Erosion', 'the removal of soil and rock by water, wind and ice'],
  ['Respiration', 'the release of energy from food in the cells of the body'],
];

const pick = <T>(dice: Dice, from: readonly T[]): T => from[dice(from.length)] as T;

function some<T>(dice: Dice, from: readonly T[], least: number): T[] {
  const left = [...from];
  return Array.from({ length: Math.min(least + dice(3), from.length) }, () => left.splice(dice(left.length), 1)[0] as T);
}

const asCards = (pairs: readonly Pair[]): string[] => pairs.map(([term, meaning]) => `${term} | ${meaning}`);
const asked = (pairs: readonly Pair[]): string[] => pairs.map(([term, meaning]) => `What is ${term}? | ${meaning}`);
const sentence = ([term, meaning]: Pair): string => `${term} is ${meaning}.`;

/** Letters as HTML may write them. */
function escaped(dice: Dice, text: string): string {
  const named: Record<string, string> = { ä: '&auml;', ß: '&szlig;', Ü: '&Uuml;', ñ: '&ntilde;', ú: '&uacute;' };
  return text
    .replaceAll('&', '&amp;')
    .replace(/[äßÜñú]/gu, (letter) =>
      pick(dice, [letter, named[letter] ?? letter, `&#${letter.codePointAt(0)};`, `&#x${letter.codePointAt(0)?.toString(16)};`]),
    );
}

const quoted = (cell: string): string => `"${cell.replaceAll('"', '""')}"`;

function delimited(dice: Dice): Pasted {
  const separator = pick(dice, ['\t', ';', ',']);
  const pairs = some(dice, [...PAIRS, ...ODD], 3);
  const always = dice(2) === 0;
  const columns = pick(dice, ['', 'tags', 'counted']);
  const header = columns === 'counted' || dice(2) === 0;
  const rows = [
    ...(header
      ? [
          pick<Pair>(dice, [
            ['Front', 'Back'],
            ['German', 'English'],
            ['Term', 'Definition'],
          ]),
        ]
      : []),
    ...pairs,
  ].map(([term, meaning], at) => {
    if (columns === 'counted') return [header && at === 0 ? 'No.' : String(at), term, meaning];
    return columns === 'tags' ? [term, meaning, header && at === 0 ? 'Tags' : 'unit1'] : [term, meaning];
  });
  const end = pick(dice, ['\n', '\r\n', '\r']);
  const cellOf = (cell: string) => (always || /[",;\t]/.test(cell) ? quoted(cell) : cell);
  const body = rows.map((cells) => cells.map(cellOf).join(separator)).join(end);
  const text = `${pick(dice, ['', '\ufeff'])}${body}${pick(dice, ['', end, end + end])}`;
  return { shape: `cells parted by ${JSON.stringify(separator)}, ${columns || 'no other'} columns`, text, cards: asCards(pairs) };
}

function lines(dice: Dice): Pasted {
  const mark = pick(dice, [
    ': ',
    ' - ',
    ' – ',
    ' — ',
    ' − ',
    ' ‐ ',
    ' ‑ ',
    ' = ',
    ' → ',
    ' ⇒ ',
    ' ⟶ ',
    ' ➔ ',
    ' -> ',
    ' => ',
    ' --> ',
    '\t',
  ]);
  const pairs = some(dice, PAIRS, 3);
  const bullet = pick(dice, ['', '', '- ', '* ', '• ', '1. ']);
  const rows = pairs.map(([term, meaning]) => `${bullet}${term}${mark}${meaning}`);
  const parting = bullet === '' && mark !== '\t' ? pick(dice, ['\n', '\r\n', '; ', ', ']) : '\n';
  const text = rows.join(parting).normalize(pick(dice, ['NFC', 'NFD']));
  return { shape: `lines with ${JSON.stringify(mark)}, parted by ${JSON.stringify(parting)}`, text, cards: asCards(pairs) };
}

function page(dice: Dice): Pasted {
  const pairs = some(dice, [...PAIRS, ...ODD.slice(0, 1)], 3);
  const mark = pick(dice, [': ', ' &ndash; ', ' - ', '&nbsp;= ']);
  const rows = pairs.map((pair) => pair.map((side) => escaped(dice, side)) as unknown as Pair);
  const inLine = rows.map(
    ([term, meaning]) => `${pick(dice, [term, `<b>${term}</b>`, `<span class="t">${term}</span>`])}${mark}${meaning}`,
  );
  const shape = pick(dice, ['br', 'p', 'div', 'li', 'table', 'dl']);
  const written: Record<string, () => string> = {
    br: () => inLine.join(pick(dice, ['<br>', '<br/>', '<BR />', '<br>\n'])),
    p: () => inLine.map((line) => `<p>${line}</p>`).join(pick(dice, ['', '\n', '\n\n'])),
    div: () => inLine.map((line) => `<div style="x">${line}</div>`).join(''),
    li: () => `<ul>${inLine.map((line) => `<li>${line}${pick(dice, ['', '</li>'])}`).join('\n')}</ul>`,
    table: () => `<table>${rows.map(([term, meaning]) => `<tr><td>${term}</td><td>${meaning}</td></tr>`).join('\n  ')}</table>`,
    dl: () => `<dl>${rows.map(([term, meaning]) => `<dt>${term}</dt><dd>${meaning}</dd>`).join('')}</dl>`,
  };
  const noise = pick(dice, ['', '<style>.x { color: red }</style>', '<script>var Maus = "mouse: x";</script>', '<!-- Maus: mouse -->']);
  return { shape: `HTML with ${shape}`, text: `${noise}${written[shape]?.() ?? ''}`, cards: asCards(pairs) };
}

function anki(dice: Dice): Pasted {
  const pairs = some(dice, PAIRS, 2);
  const [name, separator] = pick(dice, [
    ['tab', '\t'],
    ['semicolon', ';'],
    ['comma', ','],
    ['pipe', '|'],
  ] as const);
  const before = pick(dice, [[], ['guid'], ['guid', 'notetype', 'deck']]);
  const tagged = dice(2) === 0;
  const values: Record<string, string> = { guid: 'k{8#xT', notetype: 'Basic', deck: 'German::Unit' };
  const head = [
    `#separator:${name}`,
    `#html:${pick(dice, ['true', 'false'])}`,
    ...before.map((column, at) => `#${column} column:${at + 1}`),
    ...(tagged ? [`#tags column:${before.length + 3}`] : []),
  ];
  const rows = pairs.map((pair) =>
    [...before.map((column) => values[column]), ...pair, ...(tagged ? ['noun unit::one'] : [])].join(separator),
  );
  return { shape: `Anki, ${name}`, text: [...head, ...rows].join('\n'), cards: asCards(pairs) };
}

function obsidian(dice: Dice): Pasted {
  const pairs = some(dice, PAIRS, 2);
  const mark = pick(dice, ['::', ' :: ', ':::', '?', '??']);
  const both = mark === ':::' || mark === '??';
  const rows = pairs.map(([term, meaning]) => (mark.includes('?') ? `${term}\n${mark}\n${meaning}\n` : `${term}${mark}${meaning}`));
  const cards = pairs.flatMap(([term, meaning]) => [`${term} | ${meaning}`, ...(both ? [`${meaning} | ${term}`] : [])]);
  return { shape: `Obsidian with ${mark}`, text: `${pick(dice, ['', '---\ntags: de\n---\n'])}${rows.join('\n')}`, cards };
}

/** Breaks a text at a width, between words or inside of them. */
function wrapped(dice: Dice): Pasted {
  const pairs = some(dice, SAID, 2);
  const width = 24 + dice(50);
  const hyphenates = dice(2) === 0;
  const made: string[] = [];
  let line = '';
  for (const word of pairs.map(sentence).join(' ').split(' ')) {
    const room = width - line.length - 2;
    if (line === '' || line.length + 1 + word.length <= width) line = line === '' ? word : `${line} ${word}`;
    else if (hyphenates && /^\p{L}{7,}$/u.test(word) && room >= 3 && word.length - room >= 3) {
      made.push(`${line} ${word.slice(0, room)}-`);
      line = word.slice(room);
    } else {
      made.push(line);
      line = word;
    }
  }
  return { shape: `wrapped at ${width}`, text: [...made, line].join('\n'), cards: asked(pairs) };
}

function subtitles(dice: Dice): Pasted {
  const pairs = some(dice, SAID, 2);
  const isWebVtt = dice(2) === 0;
  const rolls = dice(2) === 0;
  const pieces = pairs.map(sentence).flatMap((text) => text.match(/(?:\S+\s?){1,5}/g)?.map((piece) => piece.trim()) ?? []);
  const time = (at: number) => `00:0${Math.floor(at / 60)}:${String(at % 60).padStart(2, '0')}${isWebVtt ? '.' : ','}000`;
  const dressed = (piece: string) =>
    pick(dice, [piece, `<i>${piece}</i>`, ...(isWebVtt ? [`<v Anna>${piece}`, piece.replace(' ', '<00:00:01.500> ')] : [])]);
  const cues = pieces.map((piece, at) =>
    [
      ...(isWebVtt ? pick(dice, [[], [`cue-${at}`]]) : [String(at + 1)]),
      `${time(at * 2)} --> ${time(at * 2 + 2)}${isWebVtt ? pick(dice, ['', ' align:start']) : ''}`,
      ...(rolls && at > 0 ? [pieces[at - 1] ?? ''] : []),
      dressed(piece),
    ].join('\n'),
  );
  const style = pick(dice, ['', 'STYLE\n::cue { color: white }\n\n', 'NOTE Maus: mouse\n\n']);
  return {
    shape: `${isWebVtt ? 'WebVTT' : 'SubRip'}${rolls ? ', rolling' : ''}`,
    text: `${isWebVtt ? `WEBVTT\n\n${style}` : ''}${cues.join('\n\n')}\n`,
    cards: asked(pairs),
  };
}

function wiki(dice: Dice): Pasted {
  const pairs = some(dice, SAID, 2);
  const linked = (meaning: string) =>
    meaning.replace(/water|cells|plants|soil/, (word) => pick(dice, [`[[${word}]]`, `[[${word} (nature)|${word}]]`, `''${word}''`]));
  const after = () => pick(dice, ['', '<ref>Smith 2001, p. 5</ref>', '<ref name="a" />', '{{cn|date=May 2020}}', '<!-- Maus: mouse -->']);
  const said = pairs.map(([term, meaning]) => `'''${term}''' is ${linked(meaning)}.${after()}`);
  const head = pick(dice, ['', '{{Infobox|a = {{b}}\n| c = d}}\n', '[[File:A.png|thumb|A [[cell]]]]\n']);
  return { shape: 'MediaWiki', text: `${head}${said.join(pick(dice, [' ', '\n\n']))}\n\n[[Category:Nature]]`, cards: asked(pairs) };
}

const writers = [delimited, lines, page, anki, obsidian, wrapped, subtitles, wiki];

/** Writes a text of one of the shapes. The same dice write the same text. */
export const writePasted = (dice: Dice): Pasted => pick(dice, writers)(dice);
