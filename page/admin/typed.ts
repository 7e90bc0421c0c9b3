/** Fields that are typed into a filter: with what the address has, and read as texts. */
import type { DrawnField } from '../drawn-field.ts';
import { drawField } from '../fields.ts';
import type { Field } from '../forms.ts';

/** Draws a field with a value in it. */
export function drawFilled(field: Field, value: string): DrawnField {
  const drawn = drawField(field);
  const input = drawn.node.querySelector<HTMLInputElement | HTMLSelectElement>('input, select');
  if (input && value !== '') input.value = value;
  return drawn;
}

/** What is typed; '' for nothing. */
export function textIn(field: DrawnField): string {
  const value = field.read();
  return typeof value === 'string' ? value.trim() : '';
}
