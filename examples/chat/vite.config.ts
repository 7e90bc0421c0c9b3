/** The app and the API have one origin, also in development: what begins with /api goes to the server of ai-jobs. */
import { defineConfig, type ProxyOptions } from 'vite';

const api: ProxyOptions = {
  target: process.env['AI_JOBS_URL'] ?? 'http://localhost:3001',
  configure(proxy) {
    // A stream that the API breaks off has to break here, too: the page would wait for the rest of it for ever.
    proxy.on('proxyRes', (answer, _request, response) => void answer.once('close', () => answer.complete || response.destroy()));
  },
};
const proxy = { '/api': api };

export default defineConfig({ server: { proxy }, preview: { proxy } });
