/** What an error says to people. */

/** The problem's detail; where fields are at fault, what is expected of each. */
export function messageOf(error: unknown): string {
  const { detail, message, errors = [] } = error as { detail?: string; message?: string; errors?: { pointer: string; detail: string }[] };
  const fields = errors.map(({ pointer, detail: what }) => `${pointer.replace(/^#\//, '')}: ${what}`);
  return fields.length > 0 ? fields.join(' · ') : (detail ?? message ?? 'Something went wrong.');
}
