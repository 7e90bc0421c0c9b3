/** Files in a prompt: their bytes are kept beside the job, and its input names them. Pure. */
import type { InputItem } from './response-input.ts';

/** Where the bytes of a file stand in a part, as a data URL. */
const DATA_FIELDS: Readonly<Record<string, string>> = { input_image: 'image_url', input_file: 'file_data' };

/** What names a file that is kept: its place among those of the prompt, and a digest. */
const NAME = /^attachment:(\d+):/;

type Part = Record<string, unknown>;

/** Whether a part is a file that is kept. */
export function isAttachment(part: Record<string, unknown>): boolean {
  const value = part[DATA_FIELDS[String(part['type'])] ?? ''];
  return typeof value === 'string' && NAME.test(value);
}

/** Takes the files out of an input. What is no data URL stays. */
export function takeAttachments(input: unknown, digest: (data: string) => string): { input: unknown; attachments: string[] } {
  const attachments: string[] = [];
  const taken = mapFiles(input, (data) => {
    if (!data.startsWith('data:')) return data;
    attachments.push(data);
    return `attachment:${attachments.length - 1}:${digest(data)}`;
  });
  return { input: taken, attachments };
}

/** Puts the files into an input again. */
export function putAttachments<Input>(input: Input, attachments: readonly string[]): Input {
  return mapFiles(input, (name) => attachments[Number(NAME.exec(name)?.[1])] ?? name) as Input;
}

/** The parts of an input that are files which are kept. */
export function attachmentsIn(input: unknown): Part[] {
  return partsOf(input).filter(isAttachment);
}

/** The items without the files. */
export function withoutAttachments(items: readonly InputItem[]): InputItem[] {
  return items.map((item) => {
    return Array.isArray(item.content) ? { ...item, content: (item.content as Part[]).filter((part) => !isAttachment(part)) } : item;
  });
}

function partsOf(input: unknown): Part[] {
  if (!Array.isArray(input)) return [];
  return (input as InputItem[]).flatMap(({ content }) => (Array.isArray(content) ? (content as Part[]) : []));
}

function mapFiles(input: unknown, map: (data: string) => string): unknown {
  if (!Array.isArray(input)) return input;
  return (input as InputItem[]).map((item) => {
    if (!Array.isArray(item?.content)) return item;
    const content = (item.content as Part[]).map((part) => {
      const field = DATA_FIELDS[String(part?.['type'])];
      const data = field === undefined ? undefined : part[field];
      return field === undefined || typeof data !== 'string' ? part : { ...part, [field]: map(data) };
    });
    return { ...item, content };
  });
}
