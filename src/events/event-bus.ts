/** Wakes listeners inside this process after events were appended; carries no data, the log is the truth. */
export type EventBus = {
  wake(type: string): void;
  /** Returns a function that stops listening. */
  listen(listener: (type: string) => void): () => void;
};

export function createEventBus(
  /** Calls back after the transaction that is open now: who is woken has to find its events. */
  afterCommit: (run: () => void) => void = setImmediate,
): EventBus {
  const listeners = new Set<(type: string) => void>();
  return {
    wake(type) {
      afterCommit(() => {
        for (const listener of listeners) listener(type);
      });
    },
    listen(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
}
