/** The curl line for what the page submits. */

/** A submission. A file stands for itself by its name. */
export type Submission = { path: string; input: Record<string, unknown>; user: string; token: string };

/** Writes the line for a POSIX shell. Its answer is the stream of the job. */
export function toCurl({ path, input, user, token }: Submission): string {
  const files = Object.entries(input).filter((entry): entry is [string, File] => entry[1] instanceof File);
  const identity = token === '' ? `-H ${quote(`user-id: ${user}`)}` : "-H 'authorization: Bearer YOUR_TOKEN'";
  const lines = [`curl -N ${location.origin}${path}`, "-H 'accept: text/event-stream'", identity];
  if (files.length === 0) return [...lines, "-H 'content-type: application/json'", `-d ${quote(JSON.stringify(input))}`].join(' \\\n  ');
  for (const [name, value] of Object.entries(input)) {
    if (value instanceof File) lines.push(`-F ${quote(`${name}=@${value.name}`)}`);
    else for (const one of Array.isArray(value) ? value : [value]) lines.push(`-F ${quote(`${name}=${textOf(one)}`)}`);
  }
  return lines.join(' \\\n  ');
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
