/** Checks real answers against an OpenAPI document: status, headers, body, problem codes and events must all be in it. */
import formats from 'ajv-formats';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'vitest';
import type { StreamEvent } from './sse.ts';

type Json = Record<string, any>;

/** Headers of HTTP itself, of CORS and of the connection, which no document lists. */
const GENERAL = /^(access-control-.*|cache-control|connection|content-length|content-type|date|keep-alive|transfer-encoding|vary)$/;

/** Makes the checks for a document. `closed`: fields that are not in it are mistakes, too, though clients have to accept them. */
export function createChecks(document: Json, { closed }: { closed: boolean }) {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  formats.default(ajv);
  ajv.addSchema(closed ? close(document) : document, 'document');

  /** Whether a value fits a schema of the document; a text that says what is wrong, or ''. */
  const mistakesIn = (schema: Json, value: unknown): string => {
    const validate = ajv.compile(rebase(schema));
    return validate(value) ? '' : ajv.errorsText(validate.errors);
  };

  const checkEvent = (schema: Json, { event, data }: StreamEvent): void => {
    expect([data, mistakesIn(schema['contentSchema'], data)]).toEqual([data, '']);
    expect(data['type']).toBe(event);
  };

  /** Checks status and headers of an answer to a request; returns the answer as the document has it. */
  const checkHead = (route: string, response: Response): Json => {
    const [method = '', path = ''] = route.split(' ');
    const operation = document['paths'][path]?.[method.toLowerCase()];
    const answer = resolve(document, operation?.responses[response.status]);
    expect([route, response.status, answer?.description]).toEqual([route, response.status, expect.any(String)]);
    const known = new Set(Object.keys(answer.headers).map((name) => name.toLowerCase()));
    const unknown = [...response.headers.keys()].filter((name) => !GENERAL.test(name) && !known.has(name));
    expect([route, response.status, unknown]).toEqual([route, response.status, []]);
    expect(response.headers.get('x-request-id')).toMatch(/./);
    return answer;
  };

  /** Checks an answer to a request; resolves with its body, read as JSON where it is JSON. */
  const checkAnswer = async (route: string, response: Response): Promise<any> => {
    const answer = checkHead(route, response);
    const type = response.headers.get('content-type')?.split(';')[0];
    if (!answer.content) {
      expect(await response.text()).toBe('');
      return undefined;
    }
    const content = answer.content[type ?? ''] ?? answer.content['*/*'];
    expect([route, response.status, type, content]).toEqual([route, response.status, type, expect.anything()]);
    if (!type?.endsWith('json')) return response.text();
    const body = (await response.json()) as Json;
    expect([route, body, mistakesIn(content.schema, body)]).toEqual([route, body, '']);
    if (type === 'application/problem+json')
      expect([route, answer['x-problem-codes']]).toEqual([route, expect.arrayContaining([body['code']])]);
    return body;
  };

  return { mistakesIn, checkEvent, checkHead, checkAnswer };
}

/** What a reference in the document leads to. Throws if it leads nowhere. */
export function resolve(document: Json, node: Json | undefined): any {
  const address = node?.['$ref'];
  if (typeof address !== 'string') return node;
  const tokens = address.replace(/^#\//, '').split('/');
  const found = tokens.reduce<any>((at, token) => at?.[token.replaceAll('~1', '/').replaceAll('~0', '~')], document);
  if (found === undefined || !address.startsWith('#/')) throw new Error(`${address} leads nowhere`);
  return found;
}

/** Calls a function for each object in a value. */
export function forEachObject(value: unknown, visit: (node: Json) => void): void {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) visit(value);
  for (const inner of Object.values(value)) forEachObject(inner, visit);
}

/** The document with objects that take no other fields. What makes a base schema more exact has no type, and stays open. */
function close(document: Json): Json {
  const copy = structuredClone(document);
  forEachObject(copy['components'].schemas, (node) => {
    if (node['type'] === 'object' && node['properties'] && !('additionalProperties' in node)) node['additionalProperties'] = false;
  });
  return copy;
}

/** A schema of the document on its own: its references lead into the document. */
function rebase(schema: Json): Json {
  const copy = structuredClone(schema);
  forEachObject(copy, (node) => {
    if (typeof node['$ref'] === 'string') node['$ref'] = node['$ref'].replace(/^#/, 'document#');
  });
  return copy;
}
