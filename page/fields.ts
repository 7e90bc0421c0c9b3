/** Draws the fields of a form: labels and inputs, a place to drop an image, a recorder. */
import { element, fill } from './dom.ts';
import { type Field, valueOf } from './forms.ts';
import { canRecord, record, type Recording } from './recorder.ts';

/** A field that is drawn. `read`: its value as it is sent; undefined if there is none. */
export type DrawnField = { node: HTMLElement; read(): unknown };

/** Draws a field. */
export function drawField(field: Field): DrawnField {
  switch (field.type) {
    case 'image':
      return drawImage(field);
    case 'recording':
      return drawRecording(field);
    default:
      return drawTyped(field);
  }
}

function drawTyped(field: Exclude<Field, { type: 'image' | 'recording' }>): DrawnField {
  const common = { name: field.name, required: field.required };
  const input = inputFor(field, common);
  const sample =
    field.type === 'notes' &&
    element('button', { type: 'button', class: 'quiet', click: () => (input.value = field.sample) }, 'Use an example');
  const label = element('label', { class: 'field' }, element('span', {}, field.label), input);
  return {
    node: sample ? element('div', {}, label, element('p', { class: 'actions' }, sample)) : label,
    read: () => valueOf(field, input.value),
  };
}

type Typed = Exclude<Field, { type: 'image' | 'recording' }>;

function inputFor(
  field: Typed,
  common: { name: string; required: true | undefined },
): HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement {
  switch (field.type) {
    case 'notes':
      return element('textarea', { ...common, rows: field.rows });
    case 'line':
      return element('input', { ...common, placeholder: field.placeholder, autocomplete: 'off' });
    case 'number': {
      const { least: min, most: max, step = 1, value } = field;
      return element('input', { ...common, type: 'number', min, max, step, value });
    }
    case 'choice':
      return element('select', common, ...field.options.map(([value, label]) => element('option', { value }, label)));
  }
}

function drawImage(field: Field): DrawnField {
  let chosen: File | undefined;
  const preview = element('div');
  const choose = (file: File | undefined): void => {
    chosen = file;
    if (!file) return;
    const url = URL.createObjectURL(file);
    const image = element('img', { alt: `The chosen image, ${file.name}`, load: () => URL.revokeObjectURL(url) });
    image.src = url;
    fill(preview, image);
  };
  const input = element('input', { type: 'file', accept: 'image/*', 'aria-label': field.label, change: () => choose(input.files?.[0]) });
  const drop = element('div', { class: 'drop' }, element('p', { class: 'note' }, 'Drop a picture here, or choose one.'), input, preview);
  const over = (event: Event, isOver: boolean): void => {
    event.preventDefault();
    drop.classList.toggle('over', isOver);
  };
  drop.addEventListener('dragover', (event) => over(event, true));
  drop.addEventListener('dragleave', (event) => over(event, false));
  drop.addEventListener('drop', (event) => {
    over(event, false);
    choose(event.dataTransfer?.files[0]);
  });
  return { node: drop, read: () => chosen };
}

function drawRecording(field: Field): DrawnField {
  let chosen: File | undefined;
  let going: Recording | undefined;
  const heard = element('p', { class: 'note', role: 'status' });
  const choose = (file: File | undefined): void => {
    chosen = file;
    if (!file) return;
    const player = element('audio', { controls: true, 'aria-label': 'Your recording' });
    player.src = URL.createObjectURL(file);
    fill(heard, player);
  };
  const toggle = async (): Promise<void> => {
    try {
      if (going) choose(await going.stop());
      going = going ? undefined : await record();
      if (going) fill(heard, 'Recording. Speak now.');
      fill(button, going ? 'Stop' : 'Record again');
    } catch {
      fill(heard, 'The browser did not allow the microphone. Choose a file.');
    }
  };
  const button = element('button', { type: 'button', class: 'quiet', disabled: !canRecord(), click: () => void toggle() }, 'Record');
  const input = element('input', {
    type: 'file',
    accept: 'audio/*,video/webm,video/mp4',
    'aria-label': field.label,
    change: () => choose(input.files?.[0]),
  });
  const node = element(
    'div',
    { class: 'drop' },
    element('p', { class: 'note' }, 'Speak, or choose a recording of 30 s at most.'),
    element('p', { class: 'actions' }, button, input),
    heard,
  );
  return { node, read: () => chosen };
}
