/** Finds a structured answer in one JSON root while it is written: its lists and fields at the root or in wrappers, a bare list, or a single item. */
import { createJsonParser, type JsonStep, type Place } from './json/parser.ts';

/**
 * What is read: an object with these lists and other fields. `name`: that of the kind, which models use for a wrapper. `accepts`: whether a value is an
 * item of a list, or the value of another field.
 */
export type AnswerShape = {
  lists: readonly string[];
  fields: readonly string[];
  name?: string;
  accepts: (field: string, value: unknown) => boolean;
};

/** A piece of an answer: an item of a list, or another field's value. */
export type Piece = { field: string; value: unknown };

/** What a piece of text led to: pieces that are finished, how the JSON has ended, and the text after its end. */
export type Step = { pieces: Piece[]; end: JsonStep['end']; rest: string };

/** JSON that may be the answer. */
export type Candidate = {
  write(text: string): Step;
  /** Whether it is the answer: it has a list, an item that is accepted, or a field that is. No pieces come out before. */
  readonly certain: boolean;
  /** Whether the closed root was a single item: more of them may follow, as in JSON lines. */
  readonly isItem: boolean;
  /** Whether all lists that have begun are closed, and one has. */
  readonly listsClosed: boolean;
};

/** What a list or an object of the JSON is. */
type Role =
  /** An object in which lists and fields are looked for. `list`: it stands where this list should. */
  | { type: 'wrapper'; depth: number; found: boolean; list?: string | undefined; spare: unknown[][] }
  /** A list of items; without a name, one of which only its items tell what it is. Those that came before that are held. */
  | { type: 'items'; depth: number; list?: string | undefined; held: Piece[]; accepted: boolean }
  /** A part of a value. */
  | { type: 'part' };

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

/** Opens a candidate. The first character that is written to it must open a list, an object or a text. */
export function openCandidate(shape: AnswerShape): Candidate {
  const { lists, fields, name = '', accepts } = shape;
  const listNames = new Map(lists.map((list) => [plain(list), list]));
  const fieldNames = new Map(fields.map((field) => [plain(field), field]));
  const isWrapperName = (key: string): boolean => WRAPPERS.has(plain(key)) || plain(key) === plain(name);
  const [first = ''] = lists;
  const pieces: Piece[] = [];
  let certain = false;
  let isItem = false;
  let listsBegun = 0;
  let openLists = 0;

  const add = (field: string, value: unknown): void => void pieces.push({ field, value });
  const listFor = (value: unknown): string | undefined => lists.find((list) => accepts(list, value));

  const openList = (depth: number, list?: string): Role => {
    if (list !== undefined) certain = true;
    listsBegun++;
    openLists++;
    return { type: 'items', depth, list, held: [], accepted: list !== undefined };
  };

  const open = ({ role, key }: Place<Role>, isList: boolean): Role => {
    if (!role) return isList ? openList(0) : { type: 'wrapper', depth: 0, found: false, spare: [] };
    if (role.type === 'part' || role.depth >= MAX_WRAPPERS) return PART;
    const depth = role.depth + 1;
    if (role.type === 'items') {
      return isList || role.list !== undefined ? PART : { type: 'wrapper', depth, found: false, spare: [] };
    }
    const list = listNames.get(plain(key));
    if (isList) return list !== undefined ? openList(depth, list) : isWrapperName(key) ? openList(depth) : PART;
    return ASIDE.test(key) ? PART : { type: 'wrapper', depth, found: false, list, spare: [] };
  };

  /** Takes an item of a list. One that is JSON inside of a text is what that JSON says. */
  const takeItem = (items: Extract<Role, { type: 'items' }>, value: unknown): void => {
    const field = items.list ?? listFor(value);
    const piece = { field: field ?? first, value: unpack(field ?? first, value) };
    if (items.accepted) pieces.push(piece);
    else {
      items.held.push(piece);
      items.accepted = field !== undefined || items.held.length > MAX_HELD;
      if (!items.accepted) return;
      certain = true;
      pieces.push(...items.held.splice(0));
    }
  };

  const unpack = (field: string, value: unknown): unknown => {
    if (typeof value !== 'string' || !JSON_TEXT.test(value) || accepts(field, value)) return value;
    return parseModelJson(value) ?? value;
  };

  /** An object that stands in the place of a list, and has no list in it: one item, or items by names. */
  const takeListObject = (list: string, value: object): void => {
    const values = Object.values(value);
    certain = true;
    if (accepts(list, value)) add(list, value);
    else if (values.every((each) => typeof each === 'string')) Object.entries(value).forEach((pair) => add(list, pair));
    else values.flat().forEach((each) => add(list, each)); // some models make groups of items
  };

  /** Looks for an item in a root without lists, or for lists of other names in it. */
  const takeRoot = (value: unknown, spare: unknown[][]): void => {
    const list = listFor(value);
    if (list !== undefined) {
      isItem = certain = true;
      add(list, value);
      return;
    }
    const isItems = (each: unknown[]) =>
      each.some((item) => typeof item === 'object' && !Array.isArray(item) && listFor(item) !== undefined);
    for (const item of spare.filter(isItems).flat()) {
      certain = true;
      add(listFor(item) ?? first, item);
    }
  };

  const takeMember = (wrapper: Extract<Role, { type: 'wrapper' }>, key: string, value: unknown, own?: Role): boolean => {
    if (own?.type === 'items' || (own?.type === 'wrapper' && own.found)) {
      wrapper.found = true;
      return false;
    }
    const list = listNames.get(plain(key));
    if (list !== undefined) {
      if (own?.type === 'wrapper') takeListObject(list, value as object);
      wrapper.found = certain = true;
      return false;
    }
    if (own?.type === 'wrapper') wrapper.spare.push(...own.spare);
    if (Array.isArray(value) && !ASIDE.test(key)) wrapper.spare.push(value);
    const field = fieldNames.get(plain(key));
    if (field !== undefined) {
      add(field, value);
      certain ||= accepts(field, value);
    }
    return true;
  };

  /** Reads JSON inside of a text as it comes, where a list or a wrapper may stand. */
  const text = ({ role, key }: Place<Role>): ((part: string) => void) | undefined => {
    const list = listNames.get(plain(key));
    const wrapper = role?.type === 'wrapper' ? role : undefined;
    if (role && !(wrapper && (list !== undefined || isWrapperName(key)))) return undefined;
    let inner: Candidate | undefined;
    let begin = '';
    return (part) => {
      begin += inner ? '' : part;
      if (!inner && !/^\s*[{[]/.test(begin)) return;
      const step = (inner ??= openCandidate(list === undefined ? shape : { ...shape, lists: [list], fields: [] })).write(begin || part);
      begin = '';
      if (inner.certain && wrapper) wrapper.found = true;
      certain ||= inner.certain;
      if (inner.certain && step.end === 'closed') listsBegun++;
      pieces.push(...step.pieces);
    };
  };

  const parser = createJsonParser<Role>({
    open,
    text,
    value({ role, key }, value, own) {
      if (own?.type === 'items') openLists--;
      if (role?.type === 'wrapper') return takeMember(role, key, value, own);
      if (role?.type === 'items') {
        if (own?.type !== 'wrapper' || !own.found) takeItem(role, value);
        return false;
      }
      if (!role && own?.type === 'wrapper' && !own.found && pieces.length === 0) takeRoot(value, own.spare);
      return true;
    },
  });

  return {
    write(written) {
      const { end, at } = parser.write(written);
      return { pieces: certain ? pieces.splice(0) : [], end, rest: written.slice(at) };
    },
    get certain() {
      return certain;
    },
    get isItem() {
      return isItem;
    },
    get listsClosed() {
      return listsBegun > 0 && openLists === 0;
    },
  };
}

const JSON_TEXT = /^\s*[{[]/;

/** Reads one value of JSON, as tolerantly as an answer; undefined if it is none, or not whole. */
export function parseModelJson(text: string): unknown {
  let root: unknown;
  const parser = createJsonParser<boolean>({
    open: () => true,
    value({ role }, value) {
      if (!role) root = value;
      return true;
    },
  });
  return parser.write(text.trimStart()).end === 'closed' ? root : undefined;
}
