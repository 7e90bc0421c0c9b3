/** What each problem means for a client, in words: what has happened, and what to do about it. */
import type { ProblemCode } from './problem.ts';

/**
 * One or two sentences for each code. The compiler demands an
 * entry for every code of the table of problems.
 */
export const problemAdvice: Readonly<Record<ProblemCode, string>> = {
  invalid_json: 'The body could not be read as JSON. Send one JSON object in UTF-8.',
  invalid_input:
    'Something in the request is not as it must be. `errors` names each field with a JSON Pointer and says what is expected there; correct the fields and send the request again.',
  unauthorized:
    'The request does not say who calls. Send the access token of a session as `Authorization: Bearer`, or behind a gateway the `user-id` header; the operator sends the ADMIN_TOKEN.',
  token_invalid:
    'The token is not genuine, or it belongs to another job. Sign in again, or take the addresses anew from the Job, as its user.',
  token_expired:
    'The token was good and is too old now. Refresh the session, or ask for the status of the job as its user: it has fresh addresses.',
  blocked:
    'The operator of the service takes no new jobs of this user. Jobs that are there can be read. Ask the operator; `detail` may say why.',
  not_found: 'There is nothing at this address. `GET /` lists what there is; a file of a job is there once the job has made it.',
  job_not_found:
    'The id is wrong, the job belongs to somebody else, or it was kept for its time and is gone. Submit the work again if its result is still needed.',
  method_not_allowed: 'The address takes other methods. The `Allow` header of the answer names them.',
  request_timeout:
    'No byte of the body came for as long as the server waits (30 s by default), and nothing was stored. Send the request again; a slow connection is no fault while bytes come.',
  job_not_failed: 'Only a job that has failed can be retried. For other jobs submit the work again.',
  too_many_retries:
    'A job has so many retries, and a webhook is sent again so often; this one has used up all of them. Submit the work again as a new job.',
  no_deliveries:
    'Nothing was to be delivered of this job. Submit with a `callbackUrl` to get a webhook, and wait until the job has ended before you send it again.',
  resume_with_get:
    'A POST that resumes a stream would start a second job. Go on with GET at the `streamUrl` of the job, or send an `Idempotency-Key` with each POST.',
  job_expired: 'The job was kept for its time and is gone, with its input. Submit the work again, with a new `Idempotency-Key`.',
  input_gone: 'The file that the job needs is not kept any more. Submit the work again, with the file.',
  payload_too_large: 'The body or a file in it is too large. `detail` says how many bytes are taken; send less.',
  unsupported_media_type:
    'The body or a file in it is of a type that is not taken. `detail` names the types that are; the type of a file is told by its content.',
  range_not_satisfiable: 'The file is shorter than the range that was asked for. `Content-Range` says how many bytes it has.',
  origin_not_allowed:
    'A web page of another site has sent a request for an address under `/admin`, which only pages of this server may, or one that changes something, to a server that is not in production. For the latter its developer adds the origin of the page to CORS_ORIGINS if it is theirs.',
  misdirected: 'This server does not know the host name that the request came to. Its operator adds the name to ALLOWED_HOSTS.',
  idempotency_key_reused: 'This `Idempotency-Key` was sent before with another input. Make a new key for each new piece of work.',
  rate_limited: 'There were too many requests in a short time. Wait as long as `Retry-After` says, and then go on.',
  too_many_jobs: 'You have as many unfinished jobs as you may have. Wait for one to end, or cancel one, and submit again.',
  too_many_open:
    'You have as much open at once as you may: uploads, downloads, streams or waits. Close what is not needed, or go on when `Retry-After` says.',
  budget_used_up:
    'Your jobs have used what they may use in a day, or what is left is reserved for jobs that have not ended. The budget is fresh at midnight UTC; `Retry-After` says when that is, or when a job is about to end.',
  internal_error:
    'The service failed, and the reason is in its log under the `requestId`. Try again; if it stays, tell the operator the `requestId`.',
  provider_not_configured:
    'No worker can do this kind of job as it was asked for. `detail` names the variables, or the fields of the input, with which it could be done; `GET /api/kinds` lists what is on.',
  queue_full: 'More jobs wait than the service takes on, and nothing was stored. Submit again when `Retry-After` says.',
  storage_full:
    'There is no room for the file, or too much is being received at the moment, and nothing was stored. Submit again when `Retry-After` says; your own ended jobs make room when they are deleted.',
  server_busy: 'This server has as many requests open as it takes on at once. Try again when `Retry-After` says.',
  queue_unavailable:
    'The queue can not be reached, or this server is about to stop. Try again in a few seconds; with an `Idempotency-Key` no job is made twice.',
  archive_unavailable:
    'Older jobs can not be read at the moment. Jobs go on, and their results are not lost; try again when `Retry-After` says.',
  identity_unavailable: 'It can not be checked at the moment who calls. Try again when `Retry-After` says, with the same token.',
  provider_unavailable: 'The provider that does the work could not be reached. The job was tried several times; retry it later.',
  provider_rate_limited: 'The provider asks for fewer requests. Jobs wait for it by themselves; if one has failed by this, retry it later.',
  provider_timeout: 'The provider did not answer in time. Retry the job; items that were finished are kept.',
  provider_cut_off: "The provider's answer ended before it was whole. Retry the job; items that were finished are kept.",
  provider_bad_answer: 'The provider answered with something that can not be used. Retry the job, or change its input.',
  provider_unauthorized:
    'The provider does not accept the key of this server. Only the operator can correct that; retry the job afterwards.',
  provider_quota_exceeded: 'The quota of this server at the provider is used up. Only the operator can raise it; retry the job afterwards.',
  provider_rejected: 'The provider does not take this request, and would not take it a second time. Change the input and submit it again.',
  provider_refused: 'The provider declined to work with this content. Change the content and submit it again.',
  content_unusable: 'There is nothing in the content to work with: it is silent, blank, damaged or has no text. Submit other content.',
  journal_full:
    'The job has written all that one job may: its model did not stop, or it was tried very often. Items that were finished are kept. Submit less at once, as a new job.',
  job_timeout: 'The work took longer than a job may take. Retry the job, or submit less at once.',
  worker_lost: 'The workers that ran the job were lost, several times. Retry the job; items that were finished are kept.',
  cancelled:
    'The job was cancelled, or its `Cancel-After` was over. A cancelled job stays cancelled; submit the work again if it is wanted.',
};
