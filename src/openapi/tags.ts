/** The groups of routes. */

/** Each group with what it is about. */
const tags = {
  Submit: 'Slow work becomes a job. The answer comes at once, with the addresses of the job.',
  Look: 'A job as JSON: at once, or when something has changed.',
  Watch: 'A job as a stream of Server-Sent Events, and all jobs of the caller on one stream.',
  Act: 'Cancelling, retrying and erasing jobs.',
  Notify: 'Told when nobody is watching: webhooks for servers, push notifications for phones.',
  'Other clients': "What the openai SDK calls, in OpenAI's words. Errors have the form that it reads.",
  Know: 'What the service can do, and how it is.',
  Operate: 'For the operator, and for the database of the project.',
} as const;

/** The name of a group. */
export type TagName = keyof typeof tags;

/** The groups as the document lists them. */
export const tagObjects = Object.entries(tags).map(([name, description]) => ({ name, description }));
