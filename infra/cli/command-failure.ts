/** The command could not do what it was asked, through no fault of its user's typing: exit code 1. The message is one or a few lines. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
}
