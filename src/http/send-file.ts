/** Sends the bytes of a file as a response, piece by piece. */

/**
 * How files reach their clients on a runtime. `head` has status and headers. A piece is read when
 * the client has taken the one before. `onError` is called with the reason if a file is cut off.
 * `env`: what the runtime gave to the app with the request.
 */
export type SendFile = (
  env: unknown,
  head: Response,
  pieces: AsyncGenerator<Uint8Array, void>,
  onError: (error: unknown) => void,
) => Response;

/** The implementation for every runtime, over a web stream. */
export const sendAsStream: SendFile = (_env, head, pieces, onError) => {
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await pieces.next();
          if (done) controller.close();
          else controller.enqueue(value);
        } catch (error) {
          onError(error);
          controller.error(error);
        }
      },
      cancel: async () => void (await pieces.return()),
    },
    { highWaterMark: 0 }, // nothing is read ahead
  );
  return new Response(body, head);
};
