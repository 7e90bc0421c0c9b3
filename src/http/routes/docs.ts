/**
 * The routes that describe the API: the OpenAPI document, a page to read and try it, and what each
 * problem means.
 */
import { Hono, type Context } from 'hono';
import { createDocument } from '../../openapi/document.ts';
import { problemAdvice } from '../../job/problem-advice.ts';
import { isProblemCode, type ProblemCode, ProblemError, problems } from '../../job/problem.ts';
import { digestOf } from '../../store/digest.ts';
import { answer, answerJson, isKnown } from '../answer.ts';
import { answerAsset, type Asset } from '../asset.ts';
import { docsPage, OWN_FILES, SWAGGER_FILES } from '../docs-page.ts';
import type { AppDeps } from '../app-deps.ts';
import type { AppEnv } from '../context.ts';
import { answerNotFound } from '../problems.ts';
import { answerPage, escapeHtml, PAGE_HEADERS, wantsHtml } from '../html.ts';

/**
 * How long a browser may keep the files of the page, in s. Their addresses have the version in
 * them.
 */
const ASSET_MAX_AGE_S = 7 * 24 * 3600;

/**
 * `GET /openapi.json`, `GET /docs`, `GET /docs/:asset`, `GET /problems/:code`; and for agents
 * `GET /llms.txt`, `GET /llms-full.txt` and `GET /docs/handbook/:chapter`.
 */
export function docsRoutes({ kinds, version, readAsset, documentFiles }: AppDeps): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  const text = JSON.stringify(createDocument(kinds));
  const tag = `"${digestOf(text)}"`;

  app.get('/openapi.json', (c) => {
    if (isKnown(c, tag)) return answer(c, 304, null, { ETag: tag });
    return answer(c, 200, text, { 'Content-Type': 'application/json', ETag: tag });
  });

  app.get('/docs', (c) => answerPage(c, docsPage(version)));

  app.get('/docs/:asset', async (c) => {
    const name = c.req.param('asset');
    const asset = OWN_FILES.get(name) ?? (SWAGGER_FILES.has(name) ? await readAsset(name) : undefined);
    if (!asset) throw new ProblemError('not_found', `There is no ${c.req.path} here; GET /docs is the page.`);
    return answerKept(c, asset);
  });

  for (const path of ['/llms.txt', '/llms-full.txt', '/docs/handbook/:chapter'] as const) {
    app.get(path, async (c) => {
      const document = await documentFiles(c.req.path);
      return document ? answerAsset(c, document) : answerNotFound(c);
    });
  }

  app.get('/problems/:code', (c) => {
    const code = c.req.param('code');
    if (!isProblemCode(code)) throw new ProblemError('not_found', 'There is no problem with this code.');
    return answerProblem(c, code);
  });
  return app;
}

/** Answers with a file of the page, which browsers keep. */
function answerKept(c: Context<AppEnv>, { type, bytes }: Asset): Response {
  return answer(c, 200, bytes, {
    ...PAGE_HEADERS,
    'Content-Type': type,
    'Content-Length': String(bytes.byteLength),
    'Cache-Control': `public, max-age=${ASSET_MAX_AGE_S}`,
  });
}

/** Says what a code means: as a page for people, as JSON for programs. */
function answerProblem(c: Context<AppEnv>, code: ProblemCode): Response {
  const { status, title, retryable } = problems[code];
  const detail = problemAdvice[code];
  const vary = { Vary: ['Accept', c.get('headers')['Vary'] ?? []].flat().join(', ') };
  if (!wantsHtml(c)) return answerJson(c, { code, status, title, retryable, detail }, 200, vary);
  const body = `<main>
<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(detail).replaceAll(/`([^`]*)`/g, '<code>$1</code>')}</p>
<dl>
<dt>Code</dt>
<dd><code>${code}</code></dd>
<dt>Status</dt>
<dd>${status}</dd>
<dt>Does the same request make sense again?</dt>
<dd>${retryable ? 'Yes, later.' : 'No, not without a change.'}</dd>
</dl>
<p><a href="/docs">The API</a></p>
</main>`;
  return answerPage(c, { title: `${title} (${code})`, head: '<link rel="stylesheet" href="/docs/page.css">', body }, vary);
}
