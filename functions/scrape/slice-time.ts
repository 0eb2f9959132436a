/** When slices of an invocation end, ms since the epoch. */
export interface SliceTime {
  readonly startMs: number;
  /** Nothing is started after this, except where a slice may last. */
  readonly endMs: number;
  /** The latest that a slice may last until. */
  readonly longEndMs: number;
  /** Whether slices of slow hosts may last at present: nobody waits for the room that they take. */
  readonly mayLast: () => boolean;
}

/** The end of a slice waits for what is under way, and places stand empty meanwhile: of so many answers' time that is a small part. */
const ANSWERS = 10;

/** When a lane starts nothing more. @param latencyMs - what its host takes to answer, as far as it is known by now. */
export function sliceEndMs(time: SliceTime, latencyMs: number): number {
  if (!time.mayLast()) return time.endMs;
  return Math.max(time.endMs, Math.min(time.longEndMs, time.startMs + ANSWERS * latencyMs));
}
