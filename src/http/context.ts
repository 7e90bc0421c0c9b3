/** The context of a request, which every middleware and route reads. */
import type { Tenant } from '../job/tenant.ts';
import type { TraceParent } from '../job/trace-parent.ts';
import type { Span } from '../traces/tracer.ts';

/** Hono's environment: the variables that middleware sets. */
export type AppEnv = {
  Variables: {
    /**
     * The request's id: the one it came with, or one made here. It is in the answer and in every
     * log line of the request.
     */
    requestId: string;
    /** The span of the request, where it has one, and how its children name it. */
    span?: Span;
    traceparent?: TraceParent;
    /** The headers that the answer to this request has, whatever the answer is. */
    headers: Record<string, string>;
    /**
     * The tenant for whom the request's holds count: the user who calls, or the address that the
     * request came from.
     */
    holder: Tenant;
    /** The user who calls, and the user's plan. */
    user?: string;
    plan?: string;
    /** The access token of the user's session, where there is one. */
    session?: string;
    /** The name of the operator who calls, once the check of operators has passed. */
    operator?: string;
    /**
     * Why the request's identity is not accepted. Only a request that may show a token for reading
     * gets this far with it.
     */
    identityFault?: unknown;
    /** There if the answer is a stream, or waits for a job: its time says nothing of the server. */
    waits?: true;
    /** What came of a submission, where the answer does not tell it. */
    outcome?: string;
  };
};
