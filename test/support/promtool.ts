/** Prometheus' own checks, of Debian's package `prometheus`. */
import { spawnSync } from 'node:child_process';

/** Whether this machine has them. */
export const hasPromtool = spawnSync('promtool', ['--version']).status === 0;

/** Checks the text of a scrape. Returns what is wrong with it; '' for nothing. */
export function checkScrape(text: string): string {
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
  return status === 0 ? '' : `${stdout}${stderr}` || `promtool ended with ${status}`;
}
