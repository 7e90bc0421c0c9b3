/** What a kind of a test says of itself where the test does not ask. */
export const plainKind = {
  method: 'plain',
  variable: 'PLAIN',
  withoutKey: 'nobody',
  example: { input: {}, result: {} },
  smoke: {},
  pushTexts: { completed: 'It is ready.', failed: 'It could not be made.' },
} as const;
