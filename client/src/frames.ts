/** Reads the frames of an event stream out of its text, as it comes (HTML Living Standard, section 9.2.6). */

/** A frame. `id`: only where the frame itself has one. */
export type Frame = { type: string; data: string; id?: string | undefined };

/** Who is told of what is in a stream. */
export type FrameListeners = {
  onFrame: (frame: Frame) => void;
  /** When the server would have a client back that has lost the connection, in ms. */
  onRetry: (ms: number) => void;
  onComment: () => void;
};

/** Makes what is fed with the pieces of the text, wherever they are cut. */
export function createFrameReader({ onFrame, onRetry, onComment }: FrameListeners): (piece: string) => void {
  let rest = '';
  let data: string[] = [];
  let frame: Partial<Frame> = {};
  const end = (): void => {
    if (data.length > 0) onFrame({ type: 'message', ...frame, data: data.join('\n') });
    [data, frame] = [[], {}];
  };
  const fields: Record<string, (value: string) => void> = {
    data: (value) => void data.push(value),
    event: (value) => (frame = { ...frame, type: value || 'message' }), // an empty one takes back the one before
    id: (value) => (frame = value.includes('\0') ? frame : { ...frame, id: value }),
    retry: (value) => /^\d+$/.test(value) && onRetry(Number(value)),
  };
  return (piece) => {
    const lines = (rest + piece).split(/\r\n|\n|\r(?!$)/); // a CR at the end may be half of a CRLF
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const [, name = line, value = ''] = /^([^:]*): ?(.*)$/s.exec(line) ?? [];
      if (line === '') end();
      else if (name === '') onComment();
      else if (Object.hasOwn(fields, name)) fields[name]?.(value);
    }
  };
}
