/** The field for speech: recorded here, for as long as the server takes, or chosen as a file. */
import { element, fill } from './dom.ts';
import type { DrawnField } from './drawn-field.ts';
import { canRecord, LONGEST_S, record, type Recording } from './recorder.ts';

/** Draws the field. What is being recorded when it is read is ended and taken. */
export function drawRecording({ label }: { label: string }): DrawnField {
  let chosen: File | undefined;
  let going: Recording | undefined;
  let clock: ReturnType<typeof setInterval> | undefined;
  let isLeft = false;
  const heard = element('p', { class: 'note', role: 'status' });
  const time = element('p', { class: 'note', 'aria-hidden': 'true' }); // a screen reader would say each second
  const choose = (file: File | undefined): void => {
    chosen = file;
    fill(heard);
    if (!file) return;
    const player = element('audio', { controls: true, 'aria-label': 'Your recording' });
    player.src = URL.createObjectURL(file);
    fill(heard, player);
  };
  const start = async (): Promise<void> => {
    const recording = await record();
    if (isLeft) return void recording.stop(); // the user has chosen another kind meanwhile
    going = recording;
    let seconds = 0;
    clock = setInterval(() => {
      fill(time, `${++seconds} s of ${LONGEST_S} s`);
      if (seconds >= LONGEST_S) void finish();
    }, 1000);
    fill(heard, 'Recording. Speak now.');
    fill(button, 'Stop');
  };
  /** Ends what is being recorded, if anything is, and takes it. */
  const finish = async (): Promise<void> => {
    const recording = going;
    going = undefined;
    clearInterval(clock);
    fill(time);
    if (!recording) return;
    fill(button, 'Record again');
    choose(await recording.stop());
  };
  const toggle = async (): Promise<void> => {
    button.disabled = true; // while the browser asks, a second press would record twice
    try {
      await (going ? finish() : start());
    } catch {
      fill(heard, 'The browser did not allow the microphone. Choose a file.');
    } finally {
      button.disabled = false;
    }
  };
  const button = element('button', { type: 'button', class: 'quiet', disabled: !canRecord(), click: () => void toggle() }, 'Record');
  const input = element('input', {
    type: 'file',
    accept: 'audio/*,video/webm,video/mp4',
    'aria-label': label,
    change: () => choose(input.files?.[0]),
  });
  const node = element(
    'div',
    { class: 'drop' },
    element('p', { class: 'note' }, `Speak, or choose a recording of ${LONGEST_S} s at most.`),
    element('p', { class: 'actions' }, button, input),
    heard,
    time,
  );
  const leave = (): void => {
    isLeft = true;
    void finish();
  };
  return { node, read: () => finish().then(() => chosen), leave };
}
