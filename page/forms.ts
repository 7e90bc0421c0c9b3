/** The form of each kind: which fields it has, and what they send. */

/** A field. `name`: as the API has it. What is left empty is not sent. */
export type Field = { name: string; label: string; required?: true } & (
  | { type: 'notes'; sample: string; rows: number }
  | { type: 'line'; placeholder?: string }
  | { type: 'number'; least: number; most: number; step?: number; value: number }
  | { type: 'choice'; options: readonly (readonly [value: string, label: string])[] }
  | { type: 'image' }
  | { type: 'recording' }
);

/** The form of a kind. */
export type Form = { label: string; fields: readonly Field[] };

const NOTES = `The water cycle has no beginning and no end. The sun heats the sea, and water rises as vapour.
High in the air the vapour cools and forms clouds. Rain and snow fall on mountains and fields.

evaporation: liquid water becomes vapour
condensation: vapour becomes drops
precipitation: rain, snow or hail falls
runoff: water flows back to the sea

A drop of water stays in the air for about 9 days.
The oceans hold 97 percent of all water.`;

/** By the kinds' names. A kind that is new has no form here, and is left out of the page. */
export const FORMS: Readonly<Record<string, Form>> = {
  'generate-flashcards': {
    label: 'Flashcards',
    fields: [
      { name: 'content', label: 'Notes', type: 'notes', sample: NOTES, rows: 10, required: true },
      { name: 'count', label: 'Cards at most', type: 'number', least: 1, most: 50, value: 10 },
      { name: 'language', label: 'Language (tag)', type: 'line', placeholder: 'as the notes' },
    ],
  },
  'generate-lesson': {
    label: 'Lesson',
    fields: [
      { name: 'topic', label: 'Topic', type: 'line', placeholder: 'The water cycle' },
      { name: 'content', label: 'Notes', type: 'notes', sample: NOTES, rows: 8 },
      { name: 'sections', label: 'Sections at most', type: 'number', least: 1, most: 12, value: 4 },
      { name: 'level', label: 'Level', type: 'line', placeholder: 'B1' },
    ],
  },
  'process-image': {
    label: 'Text in an image',
    fields: [
      { name: 'image', label: 'Image', type: 'image', required: true },
      { name: 'languages', label: 'Languages (tags)', type: 'line', placeholder: 'en' },
      {
        name: 'then',
        label: 'Then make',
        type: 'choice',
        options: [
          ['', 'nothing more'],
          ['flashcards', 'flashcards'],
          ['lesson', 'a lesson'],
        ],
      },
    ],
  },
  'pronunciation-assess': {
    label: 'Pronunciation',
    fields: [
      { name: 'referenceText', label: 'Text to say', type: 'line', placeholder: 'Water boils at one hundred degrees.', required: true },
      { name: 'audio', label: 'Your recording', type: 'recording', required: true },
      { name: 'language', label: 'Language (tag)', type: 'line', placeholder: 'en-US' },
    ],
  },
  'generate-audio': {
    label: 'Speech',
    fields: [
      {
        name: 'text',
        label: 'Text',
        type: 'notes',
        sample: 'Water boils at one hundred degrees. Ice melts at zero.',
        rows: 6,
        required: true,
      },
      { name: 'language', label: 'Language (tag)', type: 'line', placeholder: 'en' },
      { name: 'speed', label: 'Speed', type: 'number', least: 0.5, most: 2, step: 0.1, value: 1 },
    ],
  },
};

/** Fields whose text is a list with commas. */
const LISTS: ReadonlySet<string> = new Set(['languages']);

/** Makes of what was typed what is sent; undefined for a field that is left empty. */
export function valueOf({ name, type }: Field, text: string): unknown {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  if (type === 'number') return Number(trimmed);
  return LISTS.has(name) ? trimmed.split(/[\s,]+/) : text;
}
