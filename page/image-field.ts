/** The field for an image: a place to drop it, or to choose it, and what it looks like. */
import { element, fill } from './dom.ts';
import type { DrawnField } from './drawn-field.ts';

/** Draws the field. */
export function drawImage({ label }: { label: string }): DrawnField {
  let chosen: File | undefined;
  const preview = element('div');
  const choose = (file: File | undefined): void => {
    chosen = file;
    fill(preview);
    if (!file) return;
    const url = URL.createObjectURL(file);
    const free = (): void => URL.revokeObjectURL(url);
    const showName = (): void => {
      free();
      fill(preview, element('p', { class: 'note' }, `${file.name}, which this browser can not show.`)); // HEIC, in most of them
    };
    const image = element('img', { alt: `The chosen image, ${file.name}`, load: free, error: showName });
    image.src = url;
    fill(preview, image);
  };
  const input = element('input', { type: 'file', accept: 'image/*', 'aria-label': label, change: () => choose(input.files?.[0]) });
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
