/** The user who calls, and the interface of all ways to identify that user. */

/** A user who calls. */
export type Caller = {
  /** The user's id. */
  user: string;
  /** The plan that the user has paid for, where there is one. */
  plan?: string | undefined;
  /**
   * The access token of the user's session, where there is one: with it other services let the user
   * in.
   */
  session?: string | undefined;
};

/** Reads a header of the request, by its name in small letters. */
export type ReadHeader = (name: string) => string | undefined;

/** How users are identified. */
export type Identification = {
  /**
   * Whether every request that acts on jobs needs an identity. If not, a body's `userId` may name
   * the user, too.
   */
  required: boolean;
  /**
   * The caller; undefined if the request names no user.
   * @throws ProblemError if it names a user in a way that is not valid
   */
  identify(header: ReadHeader): Caller | undefined | Promise<Caller | undefined>;
  /**
   * The caller at the addresses of other people's clients, which send a key and no name: each
   * different key is another user. Absent: such a key stands for nobody, and `identify` holds.
   * @throws ProblemError as `identify`
   */
  identifyByKey?(header: ReadHeader): Caller | undefined;
  /** What a client that names no user has to do, in a sentence. */
  advice: string;
  /** How users are identified, for the person who runs the process. */
  description: string;
};
