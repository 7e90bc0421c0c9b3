/** What a form knows of a field that is drawn. */

/**
 * A field that is drawn. `read`: its value as it is sent; undefined if there is none. `leave`: the
 * field is not shown any more.
 */
export type DrawnField = { node: HTMLElement; read(): unknown; leave?(): void };
