/** Is loaded before a process' main by `--import`, and prints who loads what of OpenTelemetry. */
import { registerHooks } from 'node:module';

registerHooks({
  resolve(specifier, context, next) {
    const { parentURL = '' } = context;
    // The library of metrics brings the types of OpenTelemetry's API for itself.
    const isOurs = !/node_modules\/(prom-client|@opentelemetry)\//.test(parentURL);
    if (isOurs && specifier.startsWith('@opentelemetry/')) process.stdout.write(`${JSON.stringify({ loaded: specifier })}\n`);
    return next(specifier, context);
  },
});
