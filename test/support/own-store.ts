/** A process' store of a test's own, and what is logged of it. */
import { onTestFinished } from 'vitest';
import { ProcessStore, type StoreOptions } from '../../src/store/store.ts';
import { newPrefix } from './stack.ts';

/** Opens it with these options beside the usual ones; it closes with the test. */
export async function openOwnStore(url: string, options: Partial<StoreOptions> = {}) {
  const lines: Record<string, unknown>[] = [];
  const write = (fields: unknown, msg?: string) =>
    void lines.push(typeof fields === 'string' ? { msg: fields } : { ...(fields as object), msg });
  const store = await ProcessStore.open({
    url,
    keyPrefix: newPrefix(),
    mayEvict: true,
    log: { info: write, warn: write } as never,
    logError: (source, error) => void lines.push({ source, error }),
    onUnusable: (error) => void lines.push({ error }),
    ...options,
  });
  onTestFinished(() => store.close());
  return { store, lines };
}
