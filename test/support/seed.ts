/** Every property that is tested with fast-check draws from one seed, so that a run can be repeated; `SEED` says another one. */
import fc from 'fast-check';
import { variants } from './variants.ts';

fc.configureGlobal({ seed: variants.seed });
