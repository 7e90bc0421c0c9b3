/** Imported before a process: it gets a registry of metrics that counts nothing. */
import { registerHooks } from 'node:module';

registerHooks({
  resolve(specifier, context, next) {
    if (specifier !== 'prom-client') return next(specifier, context);
    return { url: new URL('no-prom-client.ts', import.meta.url).href, shortCircuit: true };
  },
});
