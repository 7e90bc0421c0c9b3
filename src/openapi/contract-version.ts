/**
 * The version of the HTTP contract: `/health` and the OpenAPI document name it, and the client
 * knows the one that its types were printed from.
 */

/**
 * `1.N`. N is one higher in each release in which clients can use something new: a route, a field,
 * a header, an event, a kind, or a code of problems. Nothing is taken out of version 1.
 */
export const CONTRACT_VERSION = '1.1';
