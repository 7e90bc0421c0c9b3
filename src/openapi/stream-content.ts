/** Event streams in OpenAPI 3.1, which describes a body as a whole: it is a text, and its `contentSchema` is that of each event's `data`. */
import type { Content } from './operation.ts';
import { ref } from './schema.ts';

const FRAMES = `Server-Sent Events (WHATWG HTML, section 9.2). Each event is a frame of lines: \`event\` is its name, \`data\` one line of JSON, and \`id\`,
where there is one, is what to resume with. \`contentSchema\` is the schema of the JSON in \`data\`. Lines that begin with a colon are comments: padding
at the start, and a ping from time to time. \`retry\` says after how many ms to reconnect.`;

/** The content of a stream. `eventSchema`: the name of the schema of the JSON in `data`. */
export function streamContent(eventSchema: string, example: string): Content {
  return {
    schema: { type: 'string', description: FRAMES, contentMediaType: 'text/event-stream', contentSchema: ref(eventSchema) },
    example,
  };
}
