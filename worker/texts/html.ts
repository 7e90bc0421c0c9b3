/** Reads HTML: blocks end lines, tables become rows, and what no reader sees is no text. */
import { Parser } from 'htmlparser2';
import { fencedLines } from '../../src/kinds/fences.ts';
import { PageText } from './page.ts';
import type { Passage } from './passage.ts';

const names = (list: string): ReadonlySet<string> => new Set(list.split(' '));

/** Elements that stand on lines of their own, and those with an empty line around them. */
const blocks = names(
  'address article aside blockquote body caption center dd details dialog div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 head header hr html legend li main menu nav ol option p pre section summary table tbody td tfoot th thead tr ul',
);
const paragraphs = names('p details ul ol table blockquote h1 h2 h3 h4 h5 h6 section article dl pre');

/** Elements that no reader sees. */
const hidden = names('script style title template noscript svg iframe object audio video canvas datalist textarea rp');

const inline = names(
  'a abbr acronym b bdi bdo big br button cite code data del dfn em font i img input ins kbd label link mark math meta meter output picture progress q rb rt rtc ruby s samp select small source span strike strong sub sup time tt u var wbr',
);

/** Whether HTML has an element of this name. Others are no tags but text, as in "x<y and z>w". */
export const isElement = (name: string): boolean => blocks.has(name) || inline.has(name) || hidden.has(name);

/**
 * Elements of another language inside of HTML, as Word writes them: `<o:p>`. They show nothing of
 * their own.
 */
const isForeign = (name: string): boolean => /^[a-z]\w{0,9}:[a-z]\w{0,20}$/.test(name);

type Lists = { count: number | undefined }[];
type Handling = (page: PageText, lists: Lists, attributes: Readonly<Record<string, string>>) => void;

const heading: Handling = (page) => page.isInCell() || page.write('# ');

/** What elements do where they begin, besides what all blocks do. */
const opening: Readonly<Record<string, Handling>> = {
  br: (page) => page.end('line'),
  hr: (page) => page.end('paragraph'),
  img: (page, _, { alt = '' }) => page.write(alt),
  ul: (_, lists) => void lists.push({ count: undefined }),
  ol: (_, lists, { start = '1' }) => void lists.push({ count: (Number.parseInt(start, 10) || 1) - 1 }),
  li(page, lists) {
    const list = lists.at(-1);
    if (page.isInCell()) return;
    page.write(list?.count === undefined ? '- ' : `${++list.count}. `);
  },
  h1: heading,
  h2: heading,
  h3: heading,
  h4: heading,
  h5: heading,
  h6: heading,
  rt: (page) => page.write('('),
  dt: (page) => page.openEntry('term'),
  dd: (page) => page.openEntry('meaning'),
  table: (page) => page.openTable(),
  tr: (page) => page.openRow(),
  td: (page) => page.openCell(false),
  th: (page) => page.openCell(true),
};

/** What elements do where they end, besides what all blocks do. */
const closing: Readonly<Record<string, Handling>> = {
  ul: (_, lists) => void lists.pop(),
  ol: (_, lists) => void lists.pop(),
  rt: (page) => page.write(')'),
  dt: (page) => page.closeEntry(),
  dd: (page) => page.closeEntry(),
  dl: (page) => page.closeEntries(),
  td: (page) => page.closeCell(),
  th: (page) => page.closeCell(),
  table: (page) => page.closeTable(),
};

/** A text whose quoted code is replaced: what stands between fences, and between backticks. */
function replaceQuotedCode(text: string, replace: (code: string) => string): string {
  const lines = text.split('\n');
  const fenced = fencedLines(lines);
  return lines.map((line, at) => (fenced.has(at) ? replace(line) : line.replace(/(?<!`)`[^`]{1,300}`/g, replace))).join('\n');
}

/** A text without what Markdown quotes as code. */
export const withoutQuotedCode = (text: string): string => (/`|~~~/.test(text) ? replaceQuotedCode(text, () => '') : text);

/** Notes in Markdown, with some HTML in them. */
const isMarkdown = (text: string): boolean =>
  !/<(?:!doctype|html|body)\b/i.test(text) && /^(?:#{1,6}\s|[ \t]{0,3}[-*+]\s|[ \t]{0,3}(?:`{3}|~{3})|\|)|\]\(/m.test(text);

/** Tags that Markdown quotes are told about, and no tags. */
const withQuotedTags = (text: string): string => replaceQuotedCode(text, (code) => code.replaceAll('&', '&amp;').replaceAll('<', '&lt;'));

/** A figure above the line: an exponent, or the mark of a footnote. */
const raised = (figure: string): string => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(figure)] ?? figure;

/**
 * Reads HTML. Line ends inside of blocks are spaces, as in a browser. Outside of any block they
 * stay, and in Markdown everywhere, because people put tags into plain text.
 */
export function readHtml(text: string): Passage[] {
  const keepsLines = isMarkdown(text);
  const html = keepsLines ? withQuotedTags(text) : text;
  const page = new PageText();
  const lists: Lists = [];
  const depth = { hidden: 0, block: 0, pre: 0, sup: 0 };

  const endBlock = (name: string): void => {
    if (blocks.has(name)) page.end(paragraphs.has(name) ? 'paragraph' : 'block');
  };
  const asWritten = (): void => page.write(html.slice(parser.startIndex, parser.endIndex + 1));

  const parser = new Parser({
    onopentag(name, attributes) {
      if (hidden.has(name)) depth.hidden++;
      if (depth.hidden > 0) return;
      if (isForeign(name)) return;
      if (!isElement(name)) return asWritten();
      if (blocks.has(name) && name !== 'hr') depth.block++;
      if (name === 'pre' || name === 'sup') depth[name]++;
      endBlock(name);
      opening[name]?.(page, lists, attributes);
    },
    onclosetag(name, isImplied) {
      if (hidden.has(name)) depth.hidden--;
      if (depth.hidden > 0) return;
      if (isForeign(name)) return;
      if (!isElement(name)) return isImplied ? undefined : asWritten();
      if (blocks.has(name) && name !== 'hr') depth.block--;
      if (name === 'pre' || name === 'sup') depth[name]--;
      closing[name]?.(page, lists, {});
      endBlock(name);
    },
    ontext(text) {
      if (depth.hidden > 0) return;
      if (depth.sup > 0 && /^\d{1,3}$/.test(text)) return page.write(text.replace(/\d/g, raised));
      if (depth.block > 0 && depth.pre === 0 && !keepsLines) return page.write(text.replace(/\s+/g, ' '));
      for (const [at, line] of text.split('\n').entries()) {
        if (at > 0) page.end(keepsLines && line.trim() === '' ? 'paragraph' : 'source');
        page.write(line);
      }
    },
  });
  parser.end(html);
  return page.passages();
}
