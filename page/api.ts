/** The server as the page asks it: as the user, with what it says where it refuses. */
import { ApiError, problemOf } from '../client/src/problem.ts';
import { createWire, type Send } from '../client/src/request.ts';
import { accessToken } from './session.ts';

/** What the server is asked by. */
export type Api = {
  user: string;
  send: Send;
  /** Asks for JSON; undefined where the answer has no body. Rejects with an ApiError where it is refused, with what fetch throws where nobody is reached. */
  ask(path: string, method?: string): Promise<unknown>;
};

/** Makes it. */
export function createApi(user: string): Api {
  const { send } = createWire({ baseUrl: '', token: accessToken, headers: { 'user-id': user } });
  return {
    user,
    send,
    async ask(path, method = 'GET') {
      const answer = await send(path, { method });
      if (!answer.ok) throw new ApiError(await problemOf(answer));
      return answer.status === 204 ? undefined : answer.json();
    },
  };
}
