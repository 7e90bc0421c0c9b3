/** The field for speech: recorded here, for as long as the server takes, or chosen as a file. */
import { element, fill } from './dom.ts';
import type { DrawnField } from './drawn-field.ts';
import { canRecord, LONGEST_S, record, type Recording } from './recorder.ts';

/** The field as it is on the page. */
export class RecordingField implements DrawnField {
  readonly node: HTMLElement;
  readonly #heard = element('p', { class: 'note', role: 'status' });
  /** Hidden from screen readers, because they would say each second. */
  readonly #time = element('p', { class: 'note', 'aria-hidden': 'true' });
  readonly #button = element(
    'button',
    { type: 'button', class: 'quiet', disabled: !canRecord(), click: () => void this.#toggle() },
    'Record',
  );
  #chosen: File | undefined;
  #going: Recording | undefined;
  #clock: ReturnType<typeof setInterval> | undefined;
  #isLeft = false;

  constructor({ label }: { label: string }) {
    const change = (): void => this.#choose(input.files?.[0]);
    const input = element('input', { type: 'file', accept: 'audio/*,video/webm,video/mp4', 'aria-label': label, change });
    this.node = element(
      'div',
      { class: 'drop' },
      element('p', { class: 'note' }, `Speak, or choose a recording of ${LONGEST_S} s at most.`),
      element('p', { class: 'actions' }, this.#button, input),
      this.#heard,
      this.#time,
    );
  }

  /** The chosen recording. A recording that still goes on is ended and taken. */
  async read(): Promise<File | undefined> {
    await this.#finish();
    return this.#chosen;
  }

  leave(): void {
    this.#isLeft = true;
    void this.#finish();
  }

  #choose(file: File | undefined): void {
    this.#chosen = file;
    fill(this.#heard);
    if (!file) return;
    const player = element('audio', { controls: true, 'aria-label': 'Your recording' });
    player.src = URL.createObjectURL(file);
    fill(this.#heard, player);
  }

  async #toggle(): Promise<void> {
    this.#button.disabled = true; // while the browser asks, a second press would record twice
    try {
      await (this.#going ? this.#finish() : this.#start());
    } catch {
      fill(this.#heard, 'The browser did not allow the microphone. Choose a file.');
    } finally {
      this.#button.disabled = false;
    }
  }

  async #start(): Promise<void> {
    const recording = await record();
    if (this.#isLeft) return void recording.stop(); // the user has chosen another kind meanwhile
    this.#going = recording;
    let seconds = 0;
    this.#clock = setInterval(() => {
      fill(this.#time, `${++seconds} s of ${LONGEST_S} s`);
      if (seconds >= LONGEST_S) void this.#finish();
    }, 1000);
    fill(this.#heard, 'Recording. Speak now.');
    fill(this.#button, 'Stop');
  }

  /** Ends the recording that goes on, if there is one, and takes it. */
  async #finish(): Promise<void> {
    const recording = this.#going;
    this.#going = undefined;
    clearInterval(this.#clock);
    fill(this.#time);
    if (!recording) return;
    fill(this.#button, 'Record again');
    this.#choose(await recording.stop());
  }
}
