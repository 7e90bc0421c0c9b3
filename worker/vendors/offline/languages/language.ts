/** What the offline generator has to know of a language. Each language is a table of this shape. */

/** A way in which a language says what something is. */
export type DefinitionRule = {
  /**
   * A whole sentence without its full stop, with the groups `term` and `meaning`, and `verb` where
   * `ask` needs it.
   */
  pattern: RegExp;
  /** Asks for the meaning. */
  ask: (term: string, verb: string) => string;
  /** Asks who somebody is, where the language asks that in another way. */
  askWho?: (term: string, verb: string) => string;
  /**
   * The rule is for what was: only names are asked for then, since "the house was a ruin" defines
   * no house.
   */
  past?: boolean;
};

/** A language. All words are in lower case. */
export type Language = {
  code: string;
  /** Words that can't begin a term or a fact: they point, join or place. */
  starters: ReadonlySet<string>;
  /**
   * Words that stand for something named elsewhere, so that a fact with one of them is not clear
   * alone.
   */
  pronouns: ReadonlySet<string>;
  /**
   * Words for who speaks and who is spoken to: chatter, letters and advice have them, facts do not.
   */
  persons: ReadonlySet<string>;
  articles: ReadonlySet<string>;
  /** Other words that tell nothing alone. They end the object of a verb, too. */
  joints: ReadonlySet<string>;
  /** Heads of terms that nobody learns: "the problem is the cost". */
  vague: ReadonlySet<string>;
  /** Words of a course or an office, not of its subject: exam, homework, deadline. */
  admin: ReadonlySet<string>;
  /** Words for people, by which "who" is told from "what". */
  people: ReadonlySet<string>;
  /**
   * Words that tell the reader to do something, where they begin a sentence and something follows
   * that is to be done.
   */
  imperatives?: ReadonlySet<string>;
  /** How a meaning ends that is about a person, where words are not parted by spaces. */
  personEnding?: RegExp;
  /** What a meaning does not begin with: "a lot of", "the same". */
  empty?: RegExp;
  definitions: readonly DefinitionRule[];
  /**
   * Verbs whose object is worth asking for. Group 1 is all up to the object, group 2 is the rest.
   */
  relation?: RegExp;
};

/**
 * The lists of words of a language, as its JSON file has them:
 * lines of words with spaces between them.
 */
type WordLists = { readonly [Name in keyof Language as ReadonlySet<string> extends Language[Name] ? Name : never]: readonly string[] };

/** Makes the sets of words of a language out of its lists. */
export function wordSetsOf<Lists extends Partial<WordLists>>(lists: Lists): { [Name in keyof Lists]: ReadonlySet<string> } {
  const sets = Object.entries(lists).map(([name, lines]) => [name, new Set(lines.flatMap((line) => line.split(' ')))]);
  return Object.fromEntries(sets) as { [Name in keyof Lists]: ReadonlySet<string> };
}

/** A set of words, written with spaces between them. */
export const set = (words: string): ReadonlySet<string> => new Set(words.split(/\s+/).filter((word) => word !== ''));

/**
 * Puts a term into a question: with its first word in lower case if that is an article, or one of
 * `common`, the words that the text writes so elsewhere. German nouns keep their capitals.
 */
export function inQuestion(term: string, { articles, code }: Pick<Language, 'articles' | 'code'>, common: ReadonlySet<string>): string {
  const first = /^\p{L}+['’]?/u.exec(term)?.[0] ?? '';
  return articles.has(first.toLowerCase()) || (code !== 'de' && common.has(first.toLowerCase()))
    ? first.toLowerCase() + term.slice(first.length)
    : term;
}
