/** What the servers that are compared have in common: the event they send, and how they are told to. */

/** As an item event of ours looks. `at` is when it was made, in ms since the epoch. */
export function eventData(seq: number): string {
  return JSON.stringify({
    type: 'item',
    jobId: 'generate-flashcards-bench',
    seq,
    attempt: 1,
    list: 'flashcards',
    index: seq,
    value: { front: `front ${seq}`, back: 'x'.repeat(100) },
    percent: 1,
    at: Date.now(),
  });
}

/** Calls `send` for each event at the pace it is told, and says so when all are sent. */
export function publishOnOrder(send: (seq: number) => void): void {
  process.on('message', (order: { publish?: number; perSecond?: number }) => {
    const { publish: count = 0, perSecond = 100 } = order;
    if (count === 0) return;
    let seq = 0;
    const timer = setInterval(() => {
      send(++seq);
      if (seq < count) return;
      clearInterval(timer);
      process.send?.({ published: seq });
    }, 1000 / perSecond);
  });
}
