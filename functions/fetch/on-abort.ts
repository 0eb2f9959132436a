const callbacks = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls back when the signal is aborted. A signal looks through all its listeners for each that is added: with one for thousands of
 * requests at a time that takes longer than they do, so all of them share one listener.
 *
 * @returns what takes the callback back.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  let known = callbacks.get(signal);
  if (!known) {
    const all = new Set<() => void>();
    callbacks.set(signal, (known = all));
    signal.addEventListener(
      'abort',
      () => {
        for (const call of all) call();
      },
      { once: true },
    );
  }
  const set = known;
  set.add(callback);
  return () => set.delete(callback);
}
