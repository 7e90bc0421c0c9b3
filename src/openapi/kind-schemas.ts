/**
 * The schemas of each kind of job: input, form, result, Job and events; and those that stand for
 * any kind.
 */
import type { Kind } from '../kinds/kind.ts';
import { describeFile, type JsonSchema, publicSchemas, type PublicSchemas } from '../kinds/public-schema.ts';
import { jobEvents } from './event-schemas.ts';
import { list, narrow, oneOf, ref } from './schema.ts';

/** The head of the names of a kind's schemas: `GenerateFlashcards`. */
export function headOf({ name }: Pick<Kind, 'name'>): string {
  return name.replaceAll(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** The name of the schema of what is in a kind's lists. */
const itemName = (kind: Kind, listName: string) => `${headOf(kind)}${listName[0]?.toUpperCase()}${listName.slice(1)}Item`;

const USER_ID = {
  type: 'string',
  minLength: 1,
  maxLength: 256,
  description: 'Who the job is for. It counts only where no identity is needed, in development.',
};

const CALLBACK_URL = {
  type: 'string',
  maxLength: 2048,
  description:
    'Where a signed webhook goes when the job has ended: a public https URL. It needs a user. In development http and this machine are allowed, too.',
};

const PUSH_TOKEN = {
  type: 'string',
  description: 'An Expo push token. The phone gets a push notification when the job has ended, unless somebody is there to see the end.',
};

/** All schemas that the kinds give, by their names. */
export function kindSchemas(kinds: readonly Kind[]): Record<string, JsonSchema> {
  const jobs = Object.fromEntries(kinds.map((kind) => [kind.name, `${headOf(kind)}Job`]));
  return {
    ...Object.assign({}, ...kinds.map(schemasOf)),
    AnyJob: oneOf('kind', jobs, 'A job, with the result of its kind. There may be other kinds later.'),
    JobEvent: oneOf('type', jobEvents, 'An event in the stream of a job. The values of items and results are those of its kind.'),
  };
}

function schemasOf(kind: Kind): Record<string, JsonSchema> {
  const head = headOf(kind);
  const { input, result, items } = publicSchemas(kind);
  const properties = { ...(input['properties'] as object), userId: USER_ID, callbackUrl: CALLBACK_URL, pushToken: PUSH_TOKEN };
  return {
    [`${head}Input`]: { ...input, properties },
    ...(kind.files && { [`${head}Form`]: toForm({ ...input, properties }, kind) }),
    [`${head}Result`]: result,
    ...Object.fromEntries(Object.entries(items).map(([name, item]) => [itemName(kind, name), item])),
    [`${head}Job`]: narrow('Job', {
      kind: { const: kind.name },
      result: ref(`${head}Result`),
      items: { properties: Object.fromEntries(Object.keys(items).map((name) => [name, list(ref(itemName(kind, name)))])) },
    }),
    ...eventsOf(kind, items),
  };
}

/** The events of a kind. Those without values of the kind are everybody's. */
function eventsOf(kind: Kind, items: PublicSchemas['items']): Record<string, JsonSchema> {
  const head = headOf(kind);
  const itemSchemas = Object.keys(items).map((name) => ({
    properties: { list: { const: name }, value: ref(itemName(kind, name)) },
    required: ['list', 'value'],
  }));
  const [only, ...more] = itemSchemas;
  const { item, child, ...others } = jobEvents;
  const names = {
    ...others,
    ...(only && { item: `${head}ItemEvent` }),
    ...(kind.next && { child }),
    completed: `${head}CompletedEvent`,
  };
  return {
    ...(only && { [`${head}ItemEvent`]: { allOf: [ref(item), more.length > 0 ? { oneOf: itemSchemas } : only] } }),
    [`${head}CompletedEvent`]: narrow('CompletedEvent', { result: ref(`${head}Result`) }),
    [`${head}Event`]: oneOf('type', names, `An event in the stream of a \`${kind.name}\` job.`),
  };
}

/** The input as a form: a file is bytes there. */
function toForm(input: JsonSchema, kind: Kind): JsonSchema {
  const files = Object.entries(kind.files ?? {}).map(([name, file]) => [
    name,
    { type: 'string', format: 'binary', contentMediaType: 'application/octet-stream', description: describeFile(file) },
  ]);
  return { ...input, properties: { ...(input['properties'] as object), ...Object.fromEntries(files) } };
}
