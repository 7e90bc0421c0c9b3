/** A local server that stands in for a collector of OpenTelemetry: it takes OTLP over HTTP, as JSON or protobuf, and keeps the spans. */
import { readMessages } from './protobuf.ts';
import { type Answerer, type VendorCall, startVendorServer } from './vendor-server.ts';

/** A span as it was sent. Ids are hexadecimal. */
export type SentSpan = {
  service: string;
  name: string;
  kind: number;
  traceId: string;
  spanId: string;
  parent: string;
  /** Of the spans that it is linked to. */
  links: string[];
  attributes: Record<string, unknown>;
  /** 2 if it has failed. */
  status: number;
};

/** A collector that runs. */
export type Collector = {
  env: Record<string, string>;
  calls: VendorCall[];
  spans: SentSpan[];
};

const takes: Answerer = (response, { headers }) => response.writeHead(200, { 'content-type': headers['content-type'] }).end();

/** Starts it; it stops with the test. */
export async function startCollector(env: Record<string, string> = {}, answer: Answerer = takes): Promise<Collector> {
  const spans: SentSpan[] = [];
  const server = await startVendorServer((response, call, n) => {
    if (call.url === '/v1/traces') spans.push(...spansIn(call));
    return answer(response, call, n);
  });
  return {
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: server.url, ...env },
    calls: server.calls,
    spans,
  };
}

function spansIn({ headers, json, body }: VendorCall): SentSpan[] {
  return headers['content-type'] === 'application/json' ? spansOfJson(json()) : spansOfProtobuf(body);
}

function spansOfJson({ resourceSpans }: Record<string, any>): SentSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }: Record<string, any>) => {
    const service = attributesOf(resource.attributes)['service.name'];
    const spans = scopeSpans.flatMap(({ spans: ofScope }: Record<string, any>) => ofScope) as Record<string, any>[];
    return spans.map(({ name, kind, traceId, spanId, parentSpanId: parent = '', links, attributes, status }) => ({
      service,
      name,
      kind,
      traceId,
      spanId,
      parent,
      status: status.code ?? 0,
      attributes: attributesOf(attributes),
      links: (links ?? []).map((link: { spanId: string }) => link.spanId),
    }));
  });
}

function attributesOf(list: { key: string; value: Record<string, any> }[]): Record<string, unknown> {
  return Object.fromEntries(list.map(({ key, value }) => [key, valueOf(value)]));
}

function valueOf(value: Record<string, any>): unknown {
  const [[type, content] = []] = Object.entries(value);
  if (type === 'arrayValue') return content.values.map(valueOf);
  return type === 'intValue' ? Number(content) : content;
}

/** Of protobuf only what tells which span is where: its attributes are not read. */
function spansOfProtobuf(body: Buffer): SentSpan[] {
  return readMessages(body, 1).flatMap((resourceSpans) =>
    readMessages(resourceSpans, 2).flatMap((scopeSpans) =>
      readMessages(scopeSpans, 2).map((span) => {
        const [traceId = '', spanId = '', parent = ''] = [1, 2, 4].map((field) => readMessages(span, field)[0]?.toString('hex'));
        const name = readMessages(span, 5)[0]?.toString() ?? '';
        const links = readMessages(span, 13).map((link) => readMessages(link, 2)[0]?.toString('hex') ?? '');
        return { service: '', name, kind: 0, traceId, spanId, parent, links, attributes: {}, status: 0 };
      }),
    ),
  );
}
