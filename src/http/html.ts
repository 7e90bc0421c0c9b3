/**
 * Pages for people: HTML without scripts or styles of its own, which a strict Content Security
 * Policy allows.
 */
import type { Context } from 'hono';
import { answer, type Headers } from './answer.ts';
import type { AppEnv } from './context.ts';

/**
 * Only files of this origin are loaded, images in style sheets may be data URIs, and no other page
 * may frame these.
 */
const POLICY = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/** Headers of everything that a page is made of. */
export const PAGE_HEADERS = {
  'Content-Security-Policy': POLICY,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
} as const;

/** Whether the client asks for HTML in its Accept header, as browsers do when they open a page. */
export function wantsHtml(c: Context): boolean {
  return c.req.header('accept')?.includes('text/html') ?? false;
}

/** Answers with a page. `head`: what stands in its head beside the title; `body`: HTML. */
export function answerPage(
  c: Context<AppEnv>,
  { title, head, body }: { title: string; head: string; body: string },
  headers: Headers = {},
) {
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
${head}
</head>
<body>
${body}
</body>
</html>
`;
  return answer(c, 200, html, { ...PAGE_HEADERS, 'Content-Type': 'text/html; charset=utf-8', ...headers });
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** A text as it stands in HTML. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
