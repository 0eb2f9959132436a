export const exitCodes = {
  /** The job finished, or the command did what it says. */
  done: 0,
  /** The job could not finish, was stopped or cancelled, or requests failed under --strict. */
  failed: 1,
  /** Wrong use: the message says what to type instead. */
  wrongUse: 2,
} as const;

/** Sets the exit code of a command that ran. */
export type SetExitCode = (code: number) => void;
