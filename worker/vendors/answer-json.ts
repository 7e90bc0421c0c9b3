/**
 * Finds a structured answer in one JSON root while it is written: its lists and fields at the root
 * or in wrappers, a bare list, or a single item.
 */
import type { Piece } from '../capabilities.ts';
import { JsonParser, type JsonPlace, type JsonStep } from './json/parser.ts';

/**
 * What is read: an object with these lists and other fields. `name`: that of the kind, which models
 * use for a wrapper. `accepts`: whether a value is an item of a list, or the value of another
 * field.
 */
export type AnswerShape = {
  lists: readonly string[];
  fields: readonly string[];
  name?: string;
  accepts: (field: string, value: unknown) => boolean;
};

/**
 * What a part of the text led to: pieces that are finished, how the JSON has ended, and the text
 * after its end.
 */
export type Step = { pieces: Piece[]; end: JsonStep['end']; rest: string };

/** An object in which lists and fields are looked for. `list`: it stands where this list should. */
type Wrapper = { type: 'wrapper'; depth: number; found: boolean; list?: string | undefined; spare: unknown[][] };

/**
 * A list of items. Without a name only its items show what it is; those that came before that are
 * held.
 */
type Items = { type: 'items'; depth: number; list?: string | undefined; held: Piece[]; accepted: boolean };

/** What a list or an object of the JSON is. A `part` belongs to a value. */
type Role = Wrapper | Items | { type: 'part' };

/** How deep wrappers are looked into: `response.data.lesson`. */
const MAX_WRAPPERS = 3;

/** After so many items of a bare list that are not accepted it is taken as the answer, too. */
const MAX_HELD = 16;

/** Names under which a bare list is the answer. */
const WRAPPERS: ReadonlySet<string> = new Set(['result', 'results', 'response', 'data', 'output', 'answer', 'items', 'list', 'content']);

/** Names under which something else than the answer stands. */
const ASIDE = /^(?:think|thought|reason|example|schema|scratch|analysis|input|request|prompt|already|there$)|draft/i;

const PART: Role = { type: 'part' };

/** Names are compared without case, spaces and signs. */
const plain = (name: string): string => name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '');

const byPlainName = (names: readonly string[]): ReadonlyMap<string, string> => new Map(names.map((name) => [plain(name), name]));

const wrapperAt = (depth: number, list?: string): Wrapper => ({ type: 'wrapper', depth, found: false, list, spare: [] });

/**
 * JSON that may be the answer. The first character that is written to it must open a list, an
 * object or a text.
 */
export class Candidate {
  readonly #shape: AnswerShape;
  readonly #listNames: ReadonlyMap<string, string>;
  readonly #fieldNames: ReadonlyMap<string, string>;
  readonly #parser: JsonParser<Role>;
  readonly #pieces: Piece[] = [];
  #certain = false;
  #isItem = false;
  #listsBegun = 0;
  #openLists = 0;

  constructor(shape: AnswerShape) {
    this.#shape = shape;
    this.#listNames = byPlainName(shape.lists);
    this.#fieldNames = byPlainName(shape.fields);
    this.#parser = new JsonParser<Role>({
      open: (place, isList) => this.#open(place, isList),
      text: (place) => this.#readerOfText(place),
      value: (place, value, own) => this.#take(place, value, own),
    });
  }

  /**
   * Whether it is the answer: it has a list, an item that is accepted, or a field that is. No
   * pieces come out before.
   */
  get certain(): boolean {
    return this.#certain;
  }

  /** Whether the closed root was a single item: more of them may follow, as in JSON lines. */
  get isItem(): boolean {
    return this.#isItem;
  }

  /** Whether all lists that have begun are closed, and one has. */
  get listsClosed(): boolean {
    return this.#listsBegun > 0 && this.#openLists === 0;
  }

  /** Takes the next part of the text. */
  write(text: string): Step {
    const { end, at } = this.#parser.write(text);
    return { pieces: this.#certain ? this.#pieces.splice(0) : [], end, rest: text.slice(at) };
  }

  #open({ role, key }: JsonPlace<Role>, isList: boolean): Role {
    if (!role) return isList ? this.#openList(0) : wrapperAt(0);
    if (role.type === 'part' || role.depth >= MAX_WRAPPERS) return PART;
    const depth = role.depth + 1;
    if (role.type === 'items') return isList || role.list !== undefined ? PART : wrapperAt(depth);
    const list = this.#listNames.get(plain(key));
    if (isList) return list !== undefined || this.#isWrapperName(key) ? this.#openList(depth, list) : PART;
    return ASIDE.test(key) ? PART : wrapperAt(depth, list);
  }

  #openList(depth: number, list?: string): Role {
    const isNamed = list !== undefined;
    this.#certain ||= isNamed;
    this.#listsBegun++;
    this.#openLists++;
    return { type: 'items', depth, list, held: [], accepted: isNamed };
  }

  #isWrapperName(key: string): boolean {
    return WRAPPERS.has(plain(key)) || plain(key) === plain(this.#shape.name ?? '');
  }

  /** Takes a whole value. Returns whether the list or the object around it is to have it. */
  #take({ role, key }: JsonPlace<Role>, value: unknown, own?: Role): boolean {
    if (own?.type === 'items') this.#openLists--;
    if (role?.type === 'wrapper') return this.#takeMember(role, key, value, own);
    if (role?.type === 'items') {
      if (own?.type !== 'wrapper' || !own.found) this.#takeItem(role, value);
      return false;
    }
    if (!role && own?.type === 'wrapper' && !own.found && this.#pieces.length === 0) this.#takeRoot(value, own.spare);
    return true;
  }

  /** Takes an item of a list. One that is JSON inside of a text is what that JSON says. */
  #takeItem(items: Items, value: unknown): void {
    const known = items.list ?? this.#listFor(value);
    const field = known ?? this.#firstList;
    const piece = { field, value: this.#unpack(field, value) };
    if (items.accepted) {
      this.#pieces.push(piece);
      return;
    }
    items.held.push(piece);
    items.accepted = known !== undefined || items.held.length > MAX_HELD;
    if (!items.accepted) return;
    this.#certain = true;
    this.#pieces.push(...items.held.splice(0));
  }

  #unpack(field: string, value: unknown): unknown {
    if (typeof value !== 'string' || !JSON_TEXT.test(value) || this.#shape.accepts(field, value)) return value;
    return parseModelJson(value) ?? value;
  }

  #takeMember(wrapper: Wrapper, key: string, value: unknown, own?: Role): boolean {
    if (own?.type === 'items' || (own?.type === 'wrapper' && own.found)) {
      wrapper.found = true;
      return false;
    }
    const list = this.#listNames.get(plain(key));
    if (list !== undefined) {
      if (own?.type === 'wrapper') this.#takeListObject(list, value as object);
      wrapper.found = this.#certain = true;
      return false;
    }
    if (own?.type === 'wrapper') wrapper.spare.push(...own.spare);
    if (Array.isArray(value) && !ASIDE.test(key)) wrapper.spare.push(value);
    const field = this.#fieldNames.get(plain(key));
    if (field !== undefined) {
      this.#add(field, value);
      this.#certain ||= this.#shape.accepts(field, value);
    }
    return true;
  }

  /**
   * An object that stands in the place of a list, and has no list in it: one item, or items by
   * names.
   */
  #takeListObject(list: string, value: object): void {
    const values = Object.values(value);
    this.#certain = true;
    if (this.#shape.accepts(list, value)) this.#add(list, value);
    else if (values.every((each) => typeof each === 'string')) Object.entries(value).forEach((pair) => this.#add(list, pair));
    else values.flat().forEach((each) => this.#add(list, each)); // some models make groups of items
  }

  /** Looks for an item in a root without lists, or for lists of other names in it. */
  #takeRoot(value: unknown, spare: unknown[][]): void {
    const list = this.#listFor(value);
    if (list !== undefined) {
      this.#isItem = this.#certain = true;
      this.#add(list, value);
      return;
    }
    const isItem = (each: unknown) => typeof each === 'object' && !Array.isArray(each) && this.#listFor(each) !== undefined;
    for (const item of spare.filter((each) => each.some(isItem)).flat()) {
      this.#certain = true;
      this.#add(this.#listFor(item) ?? this.#firstList, item);
    }
  }

  #add(field: string, value: unknown): void {
    this.#pieces.push({ field, value });
  }

  #listFor(value: unknown): string | undefined {
    return this.#shape.lists.find((list) => this.#shape.accepts(list, value));
  }

  get #firstList(): string {
    return this.#shape.lists[0] ?? '';
  }

  /** Reads JSON inside of a text as it comes, where a list or a wrapper may stand. */
  #readerOfText({ role, key }: JsonPlace<Role>): ((part: string) => void) | undefined {
    const list = this.#listNames.get(plain(key));
    const wrapper = role?.type === 'wrapper' ? role : undefined;
    if (role && !(wrapper && (list !== undefined || this.#isWrapperName(key)))) return undefined;
    let inner: Candidate | undefined;
    let begin = '';
    return (part) => {
      begin += inner ? '' : part;
      if (!inner && !JSON_TEXT.test(begin)) return;
      inner ??= new Candidate(list === undefined ? this.#shape : { ...this.#shape, lists: [list], fields: [] });
      const step = inner.write(begin || part);
      begin = '';
      if (inner.certain && wrapper) wrapper.found = true;
      this.#certain ||= inner.certain;
      if (inner.certain && step.end === 'closed') this.#listsBegun++;
      this.#pieces.push(...step.pieces);
    };
  }
}

const JSON_TEXT = /^\s*[{[]/;

/** Reads one value of JSON, as tolerantly as an answer; undefined if it is none, or not whole. */
export function parseModelJson(text: string): unknown {
  let root: unknown;
  const parser = new JsonParser<boolean>({
    open: () => true,
    value({ role }, value) {
      if (!role) root = value;
      return true;
    },
  });
  return parser.write(text.trimStart()).end === 'closed' ? root : undefined;
}
