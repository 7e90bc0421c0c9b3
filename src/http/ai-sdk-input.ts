/**
 * Reads what the clients of the AI SDK send: a chat's messages, a prompt or an object become the
 * fields of a kind.
 */
import { z } from 'zod';
import type { Kind } from '../kinds/kind.ts';
import { invalidInput } from './problems.ts';

/** The field that a kind's text goes into: the first of these that it has. */
const TEXT_FIELDS = ['content', 'text', 'referenceText'] as const;

/** A part of a message. Only these are read. */
const part = z.looseObject({ type: z.string(), text: z.string().optional(), url: z.string().optional(), data: z.unknown().optional() });

const message = z.looseObject({ id: z.string().optional(), role: z.string(), parts: z.array(part).optional() });

const chatBody = z.looseObject({
  id: z.string().min(1).max(1000).optional(),
  messages: z.array(message),
  trigger: z.string().optional(),
  messageId: z.string().optional(),
});

/** What a chat asks for: its last user message, as the fields of a kind. */
export type ChatWish = {
  /** The app's id of the chat; absent where the client sends none. */
  chatId: string | undefined;
  /** The id of the user's message; absent where a new answer is wanted in any case. */
  messageId: string | undefined;
  fields: Record<string, unknown>;
};

/**
 * Reads the body of a chat. The text of the user's last message goes into the kind's text field, its
 * file into the kind's file field; other fields come from the message's part `data-input` and from the
 * body. Fields of earlier messages are not read.
 * @throws ProblemError `invalid_input`
 */
export function readChat(kind: Kind, body: unknown): ChatWish {
  const parsed = chatBody.safeParse(body);
  if (!parsed.success) throw invalidInput(parsed.error.issues);
  const { id: chatId, messages, trigger, messageId: _, ...others } = parsed.data;
  const asked = messages.findLast(({ role }) => role === 'user');
  if (!asked) throw invalidInput([{ path: ['messages'], message: 'must have a message of the user' }]);
  const parts = asked.parts ?? [];
  const text = parts.flatMap((one) => (one.type === 'text' && one.text !== undefined ? [one.text] : [])).join('');
  const input = parts.find(({ type, data }) => type === 'data-input' && isRecord(data))?.data as Record<string, unknown> | undefined;
  const file = parts.find(({ type }) => type === 'file');
  const fields = { ...others, ...textOf(kind, text), ...fileOf(kind, file?.url), ...input };
  return { chatId, messageId: trigger === 'regenerate-message' ? undefined : asked.id, fields };
}

/** Reads the body of a completion: `prompt` is the text, and the rest are fields. */
export function readCompletion(kind: Kind, body: unknown): unknown {
  if (!isRecord(body)) return body;
  const { prompt, ...others } = body;
  return typeof prompt === 'string' ? { ...others, ...textOf(kind, prompt) } : body;
}

/** Reads the body for an object: the fields, or a text alone. */
export function readObject(kind: Kind, body: unknown): unknown {
  return typeof body === 'string' ? textOf(kind, body) : body;
}

function textOf({ input }: Kind, text: string): Record<string, string> {
  const field = TEXT_FIELDS.find((name) => Object.hasOwn(input.shape, name));
  return field === undefined || text.trim() === '' ? {} : { [field]: text };
}

/** @throws ProblemError `invalid_input` where the kind takes no file */
function fileOf({ name, files }: Kind, url: string | undefined): Record<string, string> {
  if (url === undefined) return {};
  const [field] = Object.keys(files ?? {});
  if (field === undefined) throw invalidInput([{ path: ['messages'], message: `must have no file: ${name} takes none` }]);
  return { [field]: url };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
