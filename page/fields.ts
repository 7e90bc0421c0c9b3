/**
 * Draws the fields of a form: labels and inputs here, images and recordings in files of their own.
 */
import { element } from './dom.ts';
import type { DrawnField } from './drawn-field.ts';
import { type Field, type FileField, type TypedField, valueOf } from './forms.ts';
import { drawImage } from './image-field.ts';
import { RecordingField } from './recording-field.ts';

/** Draws a field. */
export function drawField(field: Field): DrawnField {
  switch (field.type) {
    case 'image':
      return drawImage(field);
    case 'recording':
      return new RecordingField(field);
    case 'file':
      return drawFile(field);
    default:
      return drawTyped(field);
  }
}

function drawTyped(field: TypedField): DrawnField {
  const input = inputFor(field);
  const sample =
    field.type === 'notes' &&
    field.sample !== undefined &&
    element('button', { type: 'button', class: 'link', click: () => (input.value = field.sample ?? '') }, 'Use an example');
  const label = element('label', { class: 'field' }, element('span', {}, field.label), input);
  return {
    node: sample ? element('div', { class: 'field' }, label, sample) : label,
    read: () => valueOf(field, input.value),
  };
}

function inputFor(field: TypedField): HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement {
  const common = { name: field.name, required: field.required, title: field.hint };
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

function drawFile({ name, label, hint, required, accept }: Extract<FileField, { type: 'file' }>): DrawnField {
  const input = element('input', { type: 'file', name, title: hint, required, accept });
  return { node: element('label', { class: 'field' }, element('span', {}, label), input), read: () => input.files?.[0] };
}
