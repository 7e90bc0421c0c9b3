/**
 * The header `traceparent` (W3C Trace Context): which span of which trace something comes from. It
 * is kept and handed on as the text that it is.
 */

/** A span, as others name it: `00-TRACE-SPAN-FLAGS`. */
export type TraceParent = string;

/** Version, trace, span, flags. Versions after 00 may have more behind that. */
const FORM = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/;

/**
 * Reads the header. What is malformed is as if it were not there. A later version is read as far as
 * it is known here, and handed on as version 00.
 */
export function readTraceParent(header: string | undefined): TraceParent | undefined {
  const [, version, trace = '', span = '', flags = '', rest] = FORM.exec(header ?? '') ?? [];
  if (version === undefined || version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  if (/^0+$/.test(trace) || /^0+$/.test(span)) return undefined;
  return `00-${trace}-${span}-${flags}`;
}

/** The id of the trace, for logs; undefined where there is none. */
export function traceIdOf(parent: TraceParent | undefined): string | undefined {
  return parent?.slice(3, 35);
}
