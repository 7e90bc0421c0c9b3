/**
 * What agents are given to read (llmstxt.org): an index of the handbook, and all of it in one text.
 * Both are made of the documents, so they say the same.
 */

/** A document: its path in the repository, its text, and where it is served. */
export type Served = { path: string; address: string; title: string; question: string; group: string };

/** The documents beside the handbook's chapters. What an app needs first stands first. */
const OF_CLIENT: readonly Served[] = [
  {
    path: 'client/SKILL.md',
    address: '/docs/handbook/client-skill.md',
    title: 'Build an app',
    question: 'All that is needed to build a screen on the client, in one document.',
    group: 'Start here',
  },
  {
    path: 'client/README.md',
    address: '/docs/handbook/client.md',
    title: 'The client',
    question: 'What can the package ai-jobs-client do, for TypeScript, React and React Native?',
    group: 'Start here',
  },
];

/** What comes first: what an app needs. The other chapters are for running the service. */
const FIRST = ['Start here', 'Call it', 'What a job can do'];

const ROW = /^\| (?:<a id="[^"]*"><\/a>)*([^|]+?) \| \[([^\]]+)\]\(([^)]+)\) \|$/;

/** All documents that are served, in their order. `front`: the handbook's front, with its index. */
export function servedDocuments(front: string): Served[] {
  let group = '';
  const chapters = front.split('\n').flatMap((line): Served[] => {
    group = /^\*\*(.+)\*\*$/.exec(line)?.[1] ?? group;
    const [, question = '', title = '', path = ''] = ROW.exec(line) ?? [];
    return path === '' ? [] : [{ path, address: `/docs/handbook/${path.split('/').at(-1)}`, title, question, group }];
  });
  const rank = ({ group: of }: Served) => (FIRST.includes(of) ? FIRST.indexOf(of) : FIRST.length);
  return [...OF_CLIENT, ...chapters].toSorted((one, other) => rank(one) - rank(other));
}

const HEAD = `# ai-jobs

> Slow AI calls as jobs that a phone can watch: a POST is answered at once with a job's addresses, each finished item comes over Server-Sent Events while
> the model still writes the next one, a lost connection is resumed by a cursor, and clients that only poll see the same state.
`;

/** The index: `/llms.txt`. */
export function llmsIndex(documents: readonly Served[]): string {
  const groups = [...new Set(documents.map(({ group }) => group))];
  const lists = groups.map((group) => {
    const rows = documents
      .filter((one) => one.group === group)
      .map(({ title, address, question }) => `- [${title}](${address}): ${question}`);
    return `## ${group}\n\n${rows.join('\n')}\n`;
  });
  return `${HEAD}
- [/openapi.json](/openapi.json): every route, header, event, status and code, with examples (OpenAPI 3.1).
- [/api/kinds](/api/kinds): which kinds of jobs this server can do now.
- \`/problems/CODE\`: what the \`code\` of an error means and what to do, as JSON.
- [/llms-full.txt](/llms-full.txt): all documents below in one text.

${lists.join('\n')}`;
}

/** All documents in one text: `/llms-full.txt`. */
export function llmsFull(texts: readonly { address: string; text: string }[]): string {
  return [HEAD, ...texts.map(({ address, text }) => `<!-- ${address} -->\n\n${text}`)].join('\n');
}

/**
 * A document with links that lead to what is served. Of links to other files of the repository only
 * the words stay.
 */
export function withAddresses(text: string, path: string, documents: readonly Served[]): string {
  return text.replaceAll(/(!?)\[([^\]]*)\]\(([^)\s]+)\)/g, (whole, image: string, words: string, target: string) => {
    if (/^(https?:|mailto:|#|\/)/.test(target)) return whole;
    const { pathname, hash } = new URL(target, `file:///${path}`);
    const served = documents.find((one) => `/${one.path}` === pathname);
    if (served) return `[${words}](${served.address}${hash})`;
    return image === '' ? words : '';
  });
}
