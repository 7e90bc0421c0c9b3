/** Chance for tests: seeded, so that a failure comes again. */

/** Rolls from 0 to `sides` - 1. */
export type Dice = (sides: number) => number;

/** Makes dice that fall the same way each time (mulberry32). */
export function createDice(seed: number): Dice {
  let state = seed;
  return (sides) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * sides);
  };
}
