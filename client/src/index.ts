/** What an app imports. */
export { type Client, createClient, type Known, type SubmitOptions, type Targets } from './client.ts';
export type { Child, ItemEvent, JobEvent, JobObject, JobStatus } from './events.ts';
export type { FileInput, NativeFile, ReadFile } from './files.ts';
export type { Job } from './job.ts';
export * from './kinds.ts';
export { ApiError, JobError, type Problem } from './problem.ts';
export type { ClientOptions } from './request.ts';
export type { Usage } from './shapes.ts';
export { initialState, type JobState, reduce } from './state.ts';
