/** The AI SDK's packages as an app imports them, in the versions of this folder's package.json. */

/** A part of a message. */
export type Part = { type: string; id?: string; text?: string; data?: any };
/** A message. */
export type Message = { id: string; role: string; parts: Part[]; metadata?: any };

type ChatOptions = { id: string; transport: unknown; messages?: Message[]; onFinish?: (event: unknown) => void };

/** What `useChat` is made on. */
export type SdkChat = {
  messages: Message[];
  status: string;
  error: Error | undefined;
  sendMessage(message?: { text: string } | { parts: Part[] }, options?: object): Promise<void>;
  regenerate(): Promise<void>;
  resumeStream(): Promise<void>;
  stop(): Promise<void>;
};

/** Reads a stream of chunks. */
type Transport = {
  sendMessages(options: object): Promise<ReadableStream>;
  reconnectToStream(options: object): Promise<ReadableStream | null>;
};

/** One version. */
export type Sdk = {
  Chat: new (options: ChatOptions) => SdkChat;
  DefaultChatTransport: new (options: object) => Transport;
  callCompletionApi?: (options: object) => Promise<string | null | undefined>;
  parsePartialJson(text: string): Promise<{ value: unknown; state: string }>;
};

/** The major versions that are tested. */
export const VERSIONS = ['5', '6', '7'] as const;

const load = async (name: string): Promise<any> => import(name);

/** Loads a version. */
export async function loadSdk(version: string): Promise<Sdk> {
  return { ...(await load(`ai${version}`)), ...(await load(`react${version}`)) } as Sdk;
}

/** Loads the transport of workflows, which only the newest version has. */
export async function loadWorkflowTransport(): Promise<new (options: object) => Transport> {
  return (await load('@ai-sdk/workflow/client')).WorkflowChatTransport;
}
