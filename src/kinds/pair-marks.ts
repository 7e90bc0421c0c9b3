/** The marks that people put between a term and its meaning, as parts of a character class. */

/** Hyphens, dashes and the minus sign. */
export const DASHES = '\\-‐‑‒–—―−';

/** Arrows that lead from a term to its meaning. */
export const ARROWS = '→⇒⟶⟹➔➜➝➞➡⇨↦⟼↔⇔⟷';

/** An arrow of several characters. */
export const TYPED_ARROW = '[=–—~\\-]{1,2}>';
