/** How many variants seeded generators make. `VARIANTS` says another number, and `SEED` another seed: `VARIANTS=20000 SEED=7 npx vitest run test/worker/vendors/latex.test.ts`. */
export const variants = { count: Number(process.env['VARIANTS'] ?? 300), seed: Number(process.env['SEED'] ?? 21) };
