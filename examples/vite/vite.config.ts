/** The app and the API have one origin, also in development: what begins with /api goes to the server of ai-jobs. */
import { defineConfig } from 'vite';

export default defineConfig({
  server: { proxy: { '/api': 'http://localhost:3001' } },
});
