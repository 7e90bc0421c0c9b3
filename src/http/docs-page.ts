/** The page to read and try the API: Swagger UI, with files of this origin only. */

import type { Asset } from './asset.ts';

/** The files of Swagger UI that the page needs. No others are served. */
export const SWAGGER_FILES: ReadonlySet<string> = new Set(['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png']);

/** Starts Swagger UI. It stands in a file, because the page may have no script inside. */
const START = `SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  displayOperationId: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
  layout: 'BaseLayout',
});
`;

/**
 * Swagger UI is dark where its root says so. The page follows the system, as it is and as it changes.
 */
const THEME = `const dark = matchMedia('(prefers-color-scheme: dark)');
const follow = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
dark.addEventListener('change', follow);
follow();
`;

/** The style of the pages about problems. */
const STYLE = `:root { color-scheme: light dark; }
body { max-width: 40rem; margin: 3rem auto; padding: 0 1rem; font: 1.0625rem/1.6 system-ui, sans-serif; }
code { font-family: ui-monospace, monospace; }
dt { font-weight: 600; margin-top: 1rem; }
dd { margin: 0; }
`;

/** The files beside Swagger UI's own. */
export const OWN_FILES: ReadonlyMap<string, Asset> = new Map(
  Object.entries({
    'start.js': ['text/javascript', START],
    'theme.js': ['text/javascript', THEME],
    'page.css': ['text/css', STYLE],
  } as const).map(([name, [type, text]]) => [name, { type: `${type}; charset=utf-8`, bytes: new TextEncoder().encode(text) }]),
);

/**
 * What stands in the head and in the body of the page. `version` in the addresses makes browsers
 * load the files of another release anew.
 */
export function docsPage(version: string): { title: string; head: string; body: string } {
  const query = `?v=${encodeURIComponent(version)}`;
  return {
    title: 'ai-jobs: the API',
    head: `<link rel="stylesheet" href="/docs/swagger-ui.css${query}">
<script src="/docs/theme.js${query}"></script>
<link rel="icon" type="image/png" href="/docs/favicon-32x32.png${query}">`,
    body: `<div id="swagger-ui"></div>
<noscript><p>This page needs a script. <a href="/openapi.json">The document</a> can be read without it.</p></noscript>
<script src="/docs/swagger-ui-bundle.js${query}"></script>
<script src="/docs/start.js${query}"></script>`,
  };
}
