/** What an app imports. */
export { type Client, type ClientOptions, createClient, type Known, type Targets } from './client.ts';
export type { Child, ItemEvent, JobEvent, JobObject, JobStatus } from './events.ts';
export type { ReadOptions } from './feed.ts';
export type { FileInput, NativeFile, ReadFile } from './files.ts';
export type { Connection } from './follow.ts';
export type { Job, RetryOptions } from './job.ts';
export * from './kinds.ts';
export type { Jobs, JobsPage, ListOptions } from './listing.ts';
export type { KeptJob, Outbox, OutboxBounds, Unsent } from './outbox.ts';
export type { OutputOptions } from './output.ts';
export { ApiError, type ErrorCode, JobError, type Problem } from './problem.ts';
export type { CallOptions } from './request.ts';
export type { KeyValueStorage } from './shelf.ts';
export type { PausedBy, Usage } from './shapes.ts';
export { initialState, type JobState, reduce } from './state.ts';
export type { SubmitOptions } from './submission.ts';
export type { Watch, WatchEvent, WatchOptions } from './watch.ts';
