/** The upper bounds of the buckets of histograms, in the unit of the metric. */

/** Of HTTP requests, in s: those that OpenTelemetry advises. */
export const HTTP_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** Of what jobs wait, and take, in s. */
export const JOB_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600, 1800];

/** Of the way of a journal row to a client's socket, in s. */
export const DELIVERY_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Of calls of models, in s: those that OpenTelemetry's conventions for GenAI advise. */
export const CALL_SECONDS = Array.from({ length: 14 }, (_, n) => 0.01 * 2 ** n);

/** Of tokens of a call: those that OpenTelemetry's conventions for GenAI advise. */
export const CALL_TOKENS = Array.from({ length: 14 }, (_, n) => 4 ** n);
