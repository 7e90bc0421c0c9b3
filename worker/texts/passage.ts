/** What texts of all formats are read into: passages, in the text's order. */

/** A card that the text's author has made. */
export type AuthoredCard = { front: string; back: string };

/**
 * A passage of a text, without the marks of its format.
 * `prose`: lines, and empty lines between paragraphs. Marks of Markdown may be in it.
 * `speech`: whole sentences that somebody says, without a line for each.
 * `table`: rows of cells, all as long as the header where there is one.
 * `cards`: what its author has made cards of; `text` says the same without gaps.
 */
export type Passage =
  | { type: 'prose'; text: string }
  | { type: 'speech'; sentences: readonly string[] }
  | { type: 'table'; header?: readonly string[]; rows: readonly (readonly string[])[] }
  | { type: 'cards'; text: string; cards: readonly AuthoredCard[] };

/** Reads a text of one format. It is linear in time. */
export type FormatReader = (text: string) => Passage[];
