/** Promises about errors: each is a problem that a program can read, whatever went wrong. */
import { type Check, must, show } from '../check.ts';
import type { Deployment } from '../deployment.ts';
import type { Answer, Ask } from '../http.ts';
import { SUBMIT } from '../jobs.ts';
import { misfit, problem } from '../shapes.ts';

/** An error to provoke: by which request, and what must come back. */
type Provoked = { id: string; promise: string; path: string; ask?: Ask; status: number; code: string; more?: (answer: Answer) => void };

const post = (body: unknown, headers: Record<string, string> = {}): Ask => ({ method: 'POST', body, headers });

const provoked: Provoked[] = [
  {
    id: 'problem-json',
    promise: 'A body that is no JSON is 400 invalid_json.',
    path: SUBMIT,
    ask: post('{"content":'),
    status: 400,
    code: 'invalid_json',
  },
  {
    id: 'problem-input',
    promise: 'An input that does not fit is 400 invalid_input, with a pointer to each wrong field.',
    path: SUBMIT,
    ask: post({ content: 'Hund: dog', count: 0 }),
    status: 400,
    code: 'invalid_input',
    more({ json }) {
      const { errors } = problem.parse(json);
      must(errors?.some(({ pointer }) => pointer === '#/count') ?? false, {
        expected: 'errors with the pointer #/count',
        seen: show(errors),
      });
    },
  },
  {
    id: 'problem-type',
    promise: 'A body that is not declared as JSON is 415 unsupported_media_type.',
    path: SUBMIT,
    ask: post('Hund: dog', { 'content-type': 'text/plain' }),
    status: 415,
    code: 'unsupported_media_type',
  },
  {
    id: 'problem-job',
    promise: 'A job that does not exist is 404 job_not_found.',
    path: '/api/jobs/conformance',
    status: 404,
    code: 'job_not_found',
  },
  {
    id: 'problem-route',
    promise: 'An address that does not exist is 404 not_found.',
    path: '/api/conformance',
    status: 404,
    code: 'not_found',
  },
  {
    id: 'problem-method',
    promise: 'A method that an address does not take is 405 method_not_allowed, and Allow names those that it takes.',
    path: SUBMIT,
    ask: { method: 'DELETE' },
    status: 405,
    code: 'method_not_allowed',
    more({ headers }) {
      const allow = headers.get('allow');
      must(allow?.includes('POST') ?? false, {
        expected: 'Allow: POST',
        seen: allow ?? 'no Allow',
        cause: 'a proxy strips the header Allow',
      });
    },
  },
];

/** The checks of this group. */
export const problems: Check<Deployment>[] = provoked.map(({ id, promise, path, ask, status, code, more }) => ({
  id,
  promise,
  async run({ http }) {
    const answer = await http.ask(path, ask);
    mustBeProblem(answer, status, code);
    more?.(answer);
    return `${status} ${code}`;
  },
}));

/** Ends a check as broken unless an answer is this problem. */
export function mustBeProblem({ status, headers, json, text }: Answer, expected: number, code: string): void {
  const type = headers.get('content-type') ?? 'no Content-Type';
  const cause =
    'a proxy puts a page of its own in the place of errors; let it pass them on as they are (nginx: proxy_intercept_errors off)';
  const seen = `${status}, ${type}, ${show(text)}`;
  must(status === expected, { expected: `${expected} ${code}`, seen, cause: 'a proxy answers this request itself, or changes the status' });
  must(type.startsWith('application/problem+json'), { expected: `application/problem+json with the code ${code}`, seen, cause });
  const wrong = misfit(problem, json);
  must(wrong === undefined, { expected: 'type, title, status, detail, code and requestId', seen: `${wrong}; ${seen}`, cause });
  must(json['code'] === code && json['status'] === expected, { expected: `the code ${code} and the status ${expected}`, seen });
}
