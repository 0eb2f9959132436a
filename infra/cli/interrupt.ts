/** Thrown by what was stopped with Ctrl-C or SIGTERM. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';

  constructor() {
    super('stopped by a signal');
  }
}

/**
 * The first Ctrl-C (or SIGTERM) aborts the signal, so that work ends in good order; the second ends the process at once.
 *
 * @returns the signal, whose reason is an {@link Interrupted}, and a way to give Ctrl-C its usual meaning back.
 */
export function listenForInterrupt(): { readonly signal: AbortSignal; readonly release: () => void } {
  const controller = new AbortController();
  const onSignal = (name: NodeJS.Signals) => {
    // 128 + number of the signal, as shells have it.
    if (controller.signal.aborted) process.exit(name === 'SIGINT' ? 130 : 143);
    controller.abort(new Interrupted());
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return {
    signal: controller.signal,
    release() {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
    },
  };
}
