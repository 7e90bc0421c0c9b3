/**
 * Texts as people paste them: exports, pages, subtitles and notes give the cards that their authors meant.
 * `TEXT_VARIANTS=5000 npx vitest run test/worker/vendors/offline/pasted-texts.test.ts` tries more of them, and `TEXT_SEED` others.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { cardsFromText } from '../../../../worker/vendors/offline/cards.ts';
import { createDice } from '../../../support/dice.ts';
import { writePasted } from '../../../support/pasted.ts';

const folder = new URL('pasted/', import.meta.url);
const cardsOf = (text: string): string[] => cardsFromText(text, 50).map(({ front, back }) => `${front} | ${back}`);

const OSMOSIS = 'What is Osmosis? | the movement of water through a membrane';
const DIFFUSION = 'What is Diffusion? | the movement of particles';

/** The cards of each file in the folder. */
const right: Readonly<Record<string, readonly string[]>> = {
  'anki-cloze.txt': [
    'The ____ is the powerhouse of the cell. | mitochondrion',
    'The mitochondrion is the ____ (organelle role) of the cell. | powerhouse',
    'The capital of ____ is Lima. | Peru',
    'The capital of Peru is ____. | Lima',
  ],
  'anki-tags.txt': ['Hund | dog', 'Katze | cat', 'Vogel | bird'],
  'comma-export.txt': [
    'photosynthesis | the process plants use to make sugar',
    'chlorophyll | the green pigment in leaves',
    'stomata | pores in the leaf',
  ],
  'comma-in-term-dash.txt': ['Hund, der | dog', 'Katze, die | cat', 'Haus, das | house'],
  'entities.txt': ['Käse | cheese', 'Tom & Jerry | a cartoon', 'Café | coffee house'],
  'html-br.txt': ['Hund | dog', 'Katze | cat', 'Vogel | bird', 'Maus | mouse'],
  'hyphen.txt': [OSMOSIS, 'What is Diffusion? | the spreading of particles'],
  'nfd-short.txt': ['ñu | gnu', 'niño | child', 'mañana | tomorrow'],
  'obsidian-question-mark.txt': ['What is osmosis? | Movement of water through a membrane', 'What is diffusion? | Movement of particles'],
  'other-dashes-arrows.txt': ['Hund | dog', 'Katze | cat', 'Vogel | bird', 'Maus | mouse', 'Fisch | fish'],
  'persian-zwnj.txt': ['کتاب\u200cها | books', 'می\u200cروم | I go', 'خانه\u200cام | my house'],
  'see.txt': ['see | sehen', 'go | gehen', 'may | dürfen'],
  'vtt-rolling.txt': [OSMOSIS, DIFFUSION],
  'vtt-style-id.txt': ['What is the mitochondrion? | the powerhouse of the cell'],
  'wiki-markup.txt': [OSMOSIS, DIFFUSION],
  'wrapped-30.txt': [OSMOSIS, DIFFUSION],
};

test('each file has its cards', () => {
  expect(readdirSync(folder).toSorted()).toEqual(Object.keys(right).toSorted());
});

test.each(Object.entries(right))('%s: the cards that its author meant', (file, cards) => {
  expect(cardsOf(readFileSync(new URL(file, folder), 'utf8'))).toEqual(cards);
});

const HUND = ['Hund | dog', 'Katze | cat'];

/** Other texts of the same kinds, with their cards. */
const more: readonly [kind: string, text: string, cards: readonly string[]][] = [
  [
    'Anki: columns that manage notes, by their number',
    '#separator:semicolon\n#html:true\n#guid column:1\n#notetype column:2\n#deck column:3\n#tags column:6\nab:C"x;Basic;German;<b>Hund</b>;dog&nbsp;[sound:dog.mp3];noun\nxy;Basic;German;Katze;"cat";noun',
    HUND,
  ],
  [
    'Anki: fields without HTML',
    '#separator:tab\n#html:false\n<br>\tends a line\nR&amp;D\tan entity',
    ['<br> | ends a line', 'R&amp;D | an entity'],
  ],
  ['Anki: columns that manage notes, by their name', '#separator:comma\n#columns:Front,Back,Tags\nHund,dog,noun\nKatze,cat,noun', HUND],
  [
    'Anki: gaps of the same number are hidden together',
    '{{c1::Peru}} and {{c1::Chile}} lie in {{c2::South {{c3::America}}}}.',
    [
      '____ and ____ lie in South America. | Peru, Chile',
      'Peru and Chile lie in ____. | South America',
      'Peru and Chile lie in South ____. | America',
    ],
  ],
  [
    'CSV: quotes, embedded line ends and a header',
    'Front,Back\r\nHund,"dog, hound"\r\n"der ""Kater""","tom\ncat"\r\n',
    ['Hund | dog, hound', 'der "Kater" | tom\ncat'],
  ],
  ['CSV: the separator that Excel names', 'sep=;\nHund;dog\nKatze;cat', HUND],
  [
    'TSV: a column that only arranges',
    'Hund\tdog\tnoun\nKatze\tcat\tnoun\nVogel\tbird\tnoun\ngehen\tgo\tverb',
    ['Hund | dog', 'Katze | cat', 'Vogel | bird', 'gehen | go'],
  ],
  ['Quizlet: cards parted by semicolons', 'Hund,dog;Katze,cat', HUND],
  ['Quizlet: cards parted by empty lines', 'Hund\tdog\nof any breed\n\nKatze\tcat', ['Hund | dog\nof any breed', 'Katze | cat']],
  [
    'Obsidian: both ways, and what manages the cards',
    '#flashcards/de\nHund:::dog <!--SR:!2026-01-01,3,250-->\n\nKatze\n??\ncat ^a1b2c3',
    ['Hund | dog', 'dog | Hund', 'Katze | cat', 'cat | Katze'],
  ],
  [
    'HTML: a page',
    '<!DOCTYPE html><html><head><title>Cells</title><style>p{color:red}</style></head><body><script>var a = "Maus: mouse";</script><h1>Animals</h1><ul><li>Hund: dog</li><li>Katze &ndash; cat</ul></body></html>',
    HUND,
  ],
  [
    'HTML: a table by its cells',
    '<table><tr><th>German</th><th>English</th></tr><tr><td>Hund</td><td><i>dog</i></td></tr><tr><td>Katze<td>cat</table>',
    HUND,
  ],
  ['HTML: terms and their meanings', '<dl><dt>Hund<dd>dog<dt>Katze</dt><dd>cat</dd></dl>', HUND],
  [
    'SubRip: numbers, places and sounds; empty lines may be missing',
    '1\n00:00:01,000 --> 00:00:02,000\n{\\an8}Osmosis is the movement\n2\n00:00:02,000 --> 00:00:04,000\n[music]\n<i>of water</i> through a membrane.',
    [OSMOSIS],
  ],
  [
    'WebVTT: voices and times of words, and lines that grow',
    'WEBVTT - lecture\nKind: captions\n\nNOTE made by hand\n\n00:00.000 --> 00:02.000 align:start\n<v Anna>Osmosis<00:01.000><c> is</c>\n\n00:02.000 --> 00:04.000\nOsmosis is the movement of water\n\n00:04.000 --> 00:06.000\nthrough a&nbsp;membrane.',
    [OSMOSIS],
  ],
  [
    'MediaWiki: templates in templates, files with links, tables',
    "'''Osmosis''' is the [[Motion (physics)|movement]] of water through a membrane.{{cn|date={{CURRENTYEAR}}}}\n[[File:O.png|thumb|A [[cell]]]]\n{| class=\"wikitable\"\n! German !! English\n|-\n| Hund || dog\n|-\n| Katze\n| cat\n|}\n[[Category:Physics]]",
    [OSMOSIS, ...HUND],
  ],
  [
    'footnotes',
    'Osmosis[^a] is the movement of water through a membrane.[2]\nDiffusion¹ is the movement of particles.\n\n[^a]: The term is a loanword.\n¹ Smith was a physicist.\n[2] A note is a remark.',
    [OSMOSIS, DIFFUSION],
  ],
  [
    'footnotes of a page',
    '<b>Osmosis</b> is the movement of water through a membrane.<sup><a href="#n">2</a></sup> <b>Diffusion</b> is the movement of particles.<sup>[1]</sup>',
    [OSMOSIS, DIFFUSION],
  ],
  [
    'HTML of Word, with elements of its own',
    '<html xmlns:o="urn:schemas-microsoft-com:office:office"><body><!--StartFragment--><p class=MsoNormal><b>Osmosis</b> is the movement of\nwater through a membrane.<o:p></o:p></p><p class=MsoListParagraph><![if !supportLists]><span style="mso-list:Ignore">\uf0b7&nbsp; </span><![endif]>Hund: dog<o:p>&nbsp;</o:p></p></body></html>',
    [OSMOSIS, 'Hund | dog'],
  ],
  [
    'HTML of Google Docs: two pairs in paragraphs of their own',
    '<meta charset="utf-8"><b style="font-weight:normal;" id="docs-internal-guid-1"><p dir="ltr"><span>Hund - dog</span></p><br /><p dir="ltr"><span>Katze - cat</span></p></b>',
    HUND,
  ],
  [
    'HTML: questions that open',
    '<details><summary>What is osmosis?</summary>Movement of water.</details><details><summary>What is diffusion?</summary>Movement of particles.</details>',
    ['What is osmosis? | Movement of water.', 'What is diffusion? | Movement of particles.'],
  ],
  [
    'questions in bold with their numbers',
    '**Q1. What is osmosis?**\nMovement of water.\n\n**Q2. What is diffusion?**\nMovement of particles.',
    ['What is osmosis? | Movement of water.', 'What is diffusion? | Movement of particles.'],
  ],
  ['bullets of fonts', '\uf0b7 Hund: dog\n\uf0a7\tKatze: cat', HUND],
  ['JSON: a list of cards', '[{"front":"Hund","back":"dog"},{"front":"Katze","back":"cat"}]', HUND],
  [
    'JSON: a deck, with what manages its cards',
    '{"name":"Animals","cards":[{"id":1,"term":"Hund","definition":"dog","created_at":"2026-01-01"},{"id":2,"term":"Katze","definition":"cat","created_at":"2026-01-02"}]}',
    HUND,
  ],
  ['CSV: columns that manage cards', 'note_id,front,back,created_at,lapses\n17,Hund,dog,2024-01-01,3\n19,Katze,cat,2024-01-02,4', HUND],
  ['TSV: how the term is read', '你好\tnǐ hǎo\thello\n谢谢\txièxie\tthank you', ['你好 | nǐ hǎo – hello', '谢谢 | xièxie – thank you']],
  ['marks of their own', 'Hund ||| dog\nKatze ||| cat', HUND],
  ['marks of programs in sentences', 'Run `a || b` to try.\nUse `c || d` then.', []],
  ['marks of programs', 'a = b || c;\nd = e || f;', []],
  ['JSON: figures are no cards', '[{"lat":52.1,"lon":13.2},{"lat":53.1,"lon":12.2}]', []],
  ['marks of their own, without spaces', 'Hund@@dog\nKatze@@cat', HUND],
  [
    'a transcript with times before what is said',
    '0:00 Osmosis is the movement of water\n0:04 through a membrane.\n0:08 Diffusion is the movement of particles.',
    [OSMOSIS, DIFFUSION],
  ],
  [
    'SubStation Alpha',
    '[Script Info]\nTitle: x\n\n[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\nDialogue: 0,0:00:01.00,0:00:03.00,Default,,0,0,0,,{\\i1}Osmosis is the movement of water,\\Nand of nothing else,\nDialogue: 0,0:00:03.00,0:00:04.00,Default,,0,0,0,,through a membrane.',
    ['What is Osmosis? | the movement of water, and of nothing else, through a membrane'],
  ],
  [
    'MediaWiki: brackets in which only a template stood',
    "'''Osmosis''' ({{IPA|en|x}}; {{respell|y}}) is the [[movement]] of water through a membrane.",
    [OSMOSIS],
  ],
  [
    'Obsidian: names of blocks, and pictures',
    '[[Osmosis]] is the movement of [[Water|water]] through a membrane. ^block1\n\n![[osmosis.png]]',
    [OSMOSIS],
  ],
  ['joiners between letters of Hindi', 'क्\u200dष - ksha\nनमस्ते - hello', ['क्\u200dष | ksha', 'नमस्ते | hello']],
  ['ligatures', 'ﬁsh: Fisch\noﬃce: Büro\nﬂag: Fahne', ['fish | Fisch', 'office | Büro', 'flag | Fahne']],
  [
    'emoji as terms, and as ornaments',
    '🐶 - dog\n🇩🇪: Germany\ncat = 🐱\nHund 😀: hound',
    ['🐶 | dog', '🇩🇪 | Germany', 'cat | 🐱', 'Hund | hound'],
  ],
  ['several pairs on a line', 'Hund: dog; Katze: cat', HUND],
  ['several pairs on a line, with dashes', 'Hund – dog, Katze – cat', HUND],
  [
    'words that announce something elsewhere',
    'note - Notiz\ndate - Datum\nroom - Zimmer',
    ['note | Notiz', 'date | Datum', 'room | Zimmer'],
  ],
  [
    'hyphens that are the words own',
    'The mole is a well-\nknown animal of the gar-\nden and of the mead-\nows.',
    ['What is the mole? | a well-known animal of the garden and of the meadows'],
  ],
  [
    'a pair that goes on in the next line',
    'Osmosis: the movement of\nwater through a membrane\nDiffusion: the movement\nof particles',
    ['Osmosis | the movement of water through a membrane', 'Diffusion | the movement of particles'],
  ],
];

test.each(more)('%s', (_, text, cards) => {
  expect(cardsOf(text)).toEqual(cards);
});

test('notes in Markdown keep their lines, whatever HTML is in them; what is quoted as code is no format', () => {
  const notes =
    '<p align="center"><img src="logo.png"></p>\n\n# Animals\n\n<details>\n<summary>Words</summary>\n\n- Hund: dog\n- Katze - cat\n\n</details>\n\n```html\n<script>\nvar a = 1;\n```\n\nA cell is a small room.';
  expect(cardsOf(notes)).toEqual([...HUND, 'What is a cell? | a small room']);
  for (const quoted of ["type A = {|\n  b: [['c']],\n|};", "x = '''a''' + [[b]]", '00:00:01,000 --> 00:00:02,000\nwords', 'a::b\n?\nc'])
    expect(cardsOf(`A cell is a small room.\n\n\`\`\`\n${quoted}\n\`\`\`\n\nHund: dog`)).toEqual([
      'What is a cell? | a small room',
      'Hund | dog',
    ]);
  expect(cardsOf('This is about the age of Mail\nand of the Mail::Address module\nof Perl.').join()).not.toContain('Address');
});

test('what only looks like a format is prose', () => {
  expect(cardsOf('If x<y and z>w, then a & b hold. A cell is a small room.')).toEqual(['What is a cell? | a small room']);
  expect(cardsOf('The tag `<br>` ends a line. AT&T is a company.')).toEqual([
    'The tag <br> ends a ____. | line',
    'AT&T is a ____. | company',
  ]);
  expect(cardsOf('A vector is a list; a map is a table.').join()).not.toMatch(/^A vector is a list \|/);
  expect(cardsOf('x = 1;y = 2;\nz = 3;w = 4;')).toEqual([]);
  expect(cardsOf('the big dog\nthe old cat\nthe red bird')).toEqual([]);
});

const VARIANTS = Number(process.env['TEXT_VARIANTS'] ?? 300);
const SEED = Number(process.env['TEXT_SEED'] ?? 21);

test(`${VARIANTS} texts in all dresses of the formats (seed ${SEED})`, () => {
  const dice = createDice(SEED);
  const wrong = Array.from({ length: VARIANTS }, () => writePasted(dice)).flatMap(({ shape, text, cards }) => {
    const made = cardsOf(text);
    return JSON.stringify(made) === JSON.stringify(cards) ? [] : [{ shape, text, cards, made }];
  });
  expect(wrong).toEqual([]);
});
