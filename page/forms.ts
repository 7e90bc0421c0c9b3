/** The forms that kinds bring: which fields they have, and what these send. */

/** A field that is typed or chosen. `sends`: how its text is read, where it is no plain text. */
export type TypedField = { name: string; label: string; hint?: string | undefined; required?: true; sends?: 'list' | 'json' } & (
  | { type: 'notes'; sample: string | undefined; rows: number }
  | { type: 'line'; placeholder?: string | undefined }
  | { type: 'number'; least: number | undefined; most: number | undefined; step?: number | 'any'; value: number | undefined }
  | { type: 'choice'; options: readonly (readonly [value: string, label: string])[] }
);

/** A field for a file. */
export type FileField = { name: string; label: string; hint?: string | undefined; required?: true } & (
  | { type: 'image' | 'recording' }
  | { type: 'file'; accept: string }
);

/** A field. `name`: as the API has it. What is left empty is not sent. */
export type Field = TypedField | FileField;

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

/**
 * By the kinds' names. A kind without a form here gets one from its schema: page/schema-form.ts.
 */
export const FORMS: Readonly<Record<string, Form>> = {
  'generate-flashcards': {
    label: 'Flashcards',
    fields: [
      { name: 'content', label: 'Notes', type: 'notes', sample: NOTES, rows: 10, required: true },
      { name: 'count', label: 'Cards at most', type: 'number', least: 1, most: 50, value: 10 },
      { name: 'language', label: 'Language code', type: 'line', placeholder: 'de-DE; empty: that of the notes' },
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
      { name: 'languages', label: 'Language codes', type: 'line', placeholder: 'en', sends: 'list' },
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
      { name: 'language', label: 'Language code', type: 'line', placeholder: 'en-US' },
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
      { name: 'language', label: 'Language code', type: 'line', placeholder: 'en' },
      { name: 'speed', label: 'Speed', type: 'number', least: 0.5, most: 2, step: 0.1, value: 1 },
    ],
  },
};

/**
 * The value that is sent for a typed text; undefined for an empty field. Throws where it should be
 * JSON and is not.
 */
export function valueOf({ label, type, sends }: TypedField, text: string): unknown {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  if (type === 'number') return Number(trimmed);
  if (sends === 'list') return trimmed.split(/[\s,]+/);
  if (sends !== 'json') return text;
  try {
    return JSON.parse(trimmed);
  } catch {
    throw new Error(`${label} must be JSON.`);
  }
}

/**
 * A label for a name of the API: `write-haiku` is "Write haiku", `nativeLanguage` is "Native
 * language".
 */
export function toLabel(name: string): string {
  const words = name
    .replaceAll(/[-_]/g, ' ')
    .replaceAll(/([a-z])([A-Z])/g, (_, end: string, begin: string) => `${end} ${begin.toLowerCase()}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** What a kind is called on the page. */
export function labelOf(kind: string): string {
  return FORMS[kind]?.label ?? toLabel(kind);
}
