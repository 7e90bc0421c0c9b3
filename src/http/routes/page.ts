/**
 * The routes of the page to try everything, for who accepts HTML, and of the one for operators; and
 * their files. Both are without data: what they show they ask for.
 */
import { Hono } from 'hono';
import { answerAsset } from '../asset.ts';
import type { AppDeps } from '../app-deps.ts';
import type { AppEnv } from '../context.ts';
import { answerNotFound } from '../problems.ts';

/**
 * `GET /` with HTML in its Accept header, `/admin`, `/favicon.ico`, and the files under `/page`
 * and `/client`.
 */
export function pageRoutes({ pageFiles }: AppDeps): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.get('/', async (c, next) => {
    const page = c.req.header('accept')?.includes('text/html') ? await pageFiles('/page/index.html') : undefined;
    return page ? answerAsset(c, page) : next(); // others get the index as JSON
  });
  app.get('/admin', async (c) => {
    const page = await pageFiles('/page/admin/index.html');
    return page ? answerAsset(c, page) : answerNotFound(c);
  });
  for (const path of ['/page/:file', '/page/admin/:file', '/client/src/:file'] as const) {
    app.get(path, async (c) => {
      const file = await pageFiles(c.req.path);
      return file ? answerAsset(c, file) : answerNotFound(c);
    });
  }
  app.get('/favicon.ico', async (c) => {
    const icon = await pageFiles('/page/favicon.svg'); // browsers ask for it by this name, whatever a page says
    return icon ? answerAsset(c, icon) : answerNotFound(c);
  });
  return app;
}
