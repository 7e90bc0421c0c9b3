/** Code that Markdown quotes between fences. */

const fence = /^\s{0,8}(?:```|~~~)/;

/**
 * The places of fences and of the lines between them. A fence that is never closed does not count.
 */
export function fencedLines(lines: readonly string[]): ReadonlySet<number> {
  const fences = lines.flatMap((line, at) => (fence.test(line) ? [at] : []));
  const inside = new Set<number>();
  for (let place = 0; place + 1 < fences.length; place += 2) {
    for (let at = fences[place] ?? 0; at <= (fences[place + 1] ?? -1); at++) inside.add(at);
  }
  return inside;
}
