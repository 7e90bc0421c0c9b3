/** Forms and their fields: what a field is, what it sends, and the words for it that its schema does not have. */

/** What every field has. `size`: `half` stands beside another one. `isMore`: it is seldom used, and folded. */
type Common = { name: string; label: string; hint?: string | undefined; required?: boolean; size?: 'half'; isMore?: boolean };

/** A field that is typed or chosen. `sends`: how its text is read, where it is no plain text. */
export type TypedField = Common & { sends?: 'list' | 'json' } & (
    | { type: 'notes'; sample: string | undefined; rows: number }
    | { type: 'line'; placeholder?: string | undefined }
    | { type: 'number'; least: number | undefined; most: number | undefined; step?: number | 'any'; value: number | undefined }
    | { type: 'choice'; options: readonly (readonly [value: string, label: string])[] }
  );

/** A field for a file. */
export type FileField = Common & ({ type: 'image' | 'recording' } | { type: 'file'; accept: string });

/** A field. `name`: as the API has it. What is left empty is not sent. */
export type Field = TypedField | FileField;

/** What the schema of a kind does not say: what people call it and its fields, what an empty field means, and a text to try. */
export type FormWords = {
  label: string;
  labels?: Readonly<Record<string, string>>;
  placeholders?: Readonly<Record<string, string>>;
  samples?: Readonly<Record<string, string>>;
  options?: Readonly<Record<string, string>>;
};

const NOTES = `The water cycle has no beginning and no end. The sun heats the sea, and water rises as vapour.
High in the air the vapour cools and forms clouds. Rain and snow fall on mountains and fields.

evaporation: liquid water becomes vapour
condensation: vapour becomes drops
precipitation: rain, snow or hail falls
runoff: water flows back to the sea

A drop of water stays in the air for about 9 days.
The oceans hold 97 percent of all water.`;

const LANGUAGE = { language: 'Language code' };

/** By the kinds' names. A kind that is not here has all its fields, too: page/schema-form.ts draws them from its schema. */
export const FORMS: Readonly<Record<string, FormWords>> = {
  'generate-flashcards': {
    label: 'Flashcards',
    labels: { ...LANGUAGE, content: 'Notes', count: 'Cards at most' },
    placeholders: { subject: 'Geography', topic: 'The water cycle', language: 'that of the notes', difficulty: 'easy' },
    samples: { content: NOTES },
  },
  'generate-lesson': {
    label: 'Lesson',
    labels: { ...LANGUAGE, content: 'Notes', sections: 'Sections at most', nativeLanguage: "Learner's language" },
    placeholders: { topic: 'The water cycle', subject: 'Geography', level: 'B1', language: 'that of the notes', nativeLanguage: 'en' },
    samples: { content: NOTES },
  },
  'process-image': {
    label: 'Text in an image',
    labels: { languages: 'Language codes', then: 'Then make', thenInput: 'Fields of the job that follows (JSON)' },
    options: { '': 'nothing more', lesson: 'a lesson' },
  },
  'pronunciation-assess': {
    label: 'Pronunciation',
    labels: { ...LANGUAGE, referenceText: 'Text to say', audio: 'Your recording' },
    placeholders: { referenceText: 'Water boils at one hundred degrees.' },
  },
  'generate-audio': {
    label: 'Speech',
    labels: { ...LANGUAGE, format: 'File' },
    placeholders: { voice: 'the usual one' },
    samples: { text: 'Water boils at one hundred degrees. Ice melts at zero.' },
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
