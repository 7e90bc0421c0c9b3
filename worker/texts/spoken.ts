/** A text as it is to be spoken: without Markdown, HTML and programs. Pure. */
import MarkdownIt from 'markdown-it';
import { readHtml } from './html.ts';
import { frontMatter } from './read-text.ts';
import type { Passage } from './passage.ts';

/** A text without one of these has nothing to take out, and stays as it is. */
const marks = /[*_`~#>|[\]<&\\]|^\s{0,3}[-+]\s|^\s{0,3}(?:-{3,}|={3,})\s*$/m;

const fence = /^\s{0,3}(?:`{3,}|~{3,}).*$/gm;

/** A fence that is never closed is none: what follows it is no program. */
function closed(text: string): string {
  const last = [...text.matchAll(fence)];
  const open = last.length % 2 === 1 ? last.at(-1) : undefined;
  return open ? text.slice(0, open.index) + text.slice(open.index + open[0].length) : text;
}

/** Text that is indented is no program: people indent paragraphs. */
const markdown = new MarkdownIt({ html: true, breaks: true }).disable('code');
markdown.renderer.rules['fence'] = (tokens, at) => {
  const { content = '', info = '' } = tokens[at] ?? {};
  return isSpeech(info.trim().toLowerCase(), content) ? markdown.render(content) : '';
};

/** What stands between fences is read if it is said to be text, or looks like text. */
const isSpeech = (language: string, content: string): boolean =>
  /^(?:markdown|md|text|txt|plain|plaintext)$/.test(language) || (language === '' && !/[{};=]|\w\(|^\s*[$<]/m.test(content));

/**
 * The text that is spoken. Of a picture its description is; of a program nothing, unless there is
 * nothing else. It is empty where the text is made of marks alone.
 */
export function toSpokenText(text: string): string {
  if (!marks.test(text)) return text;
  const bare = closed(text.replace(frontMatter, '').replace(/\[\^[\w-]{1,20}\](?::\s)?/g, ''));
  const spoken = spokenText(markdown.render(bare));
  return /[\p{L}\p{N}]/u.test(spoken) ? spoken : spokenText(markdown.render(bare.replace(fence, '')));
}

const spokenText = (html: string): string => readHtml(html).map(textOfPassage).join('\n\n');

function textOfPassage(passage: Passage): string {
  if (passage.type === 'table')
    return [passage.header ?? [], ...passage.rows]
      .map((cells) => cells.filter((cell) => cell !== '').join(', '))
      .join('\n')
      .trim();
  if (passage.type !== 'prose') return '';
  // Beside the brackets of some scripts, CommonMark takes two asterisks for no mark.
  return passage.text.replace(/^(?:# |- (?:\[[ xX]\] )?)|\*\*/gm, '');
}
