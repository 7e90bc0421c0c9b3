/** All vendors, in the order in which they are asked. The first one that can do a kind does it. */
import { offline } from './offline.ts';
import { openai } from './openai.ts';
import type { Vendor } from './vendor.ts';

export const vendors: readonly Vendor[] = [openai, offline];
