/**
 * Records speech with the microphone, where the browser and the address of the page allow it
 * (HTTPS, or localhost).
 */

/** A recording that is going on. `stop` ends it and lets the microphone go. */
export type Recording = { stop(): Promise<File> };

/** The longest recording that the server takes, in s. */
export const LONGEST_S = 30;

/** Whether the browser can record here. */
export function canRecord(): boolean {
  return 'MediaRecorder' in window && navigator.mediaDevices !== undefined;
}

/** Starts to record; the browser asks the user. Rejects if the user says no. */
export async function record(): Promise<Recording> {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  const recorder = new MediaRecorder(stream);
  const pieces: Blob[] = [];
  recorder.addEventListener('dataavailable', ({ data }) => pieces.push(data));
  recorder.start();
  return {
    stop: () =>
      new Promise((resolve) => {
        recorder.addEventListener('stop', () => {
          for (const track of stream.getTracks()) track.stop(); // the browser shows no microphone any more
          resolve(new File(pieces, 'recording', { type: recorder.mimeType }));
        });
        recorder.stop();
      }),
  };
}
