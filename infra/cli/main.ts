import { CommanderError } from 'commander';
import { UsageError } from '../../functions/job/errors.ts';
import { CommandFailure } from './command-failure.ts';
import { exitCodes } from './exit-codes.ts';
import { createProgram } from './program.ts';

/**
 * The command `urldrop`.
 *
 * @param args - what follows the program's name.
 * @returns the exit code, see {@link exitCodes}.
 */
export async function main(args: readonly string[]): Promise<number> {
  // Whoever reads the output may stop early (`| head`): that is no failure of ours.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(exitCodes.done);
  });
  let code: number = exitCodes.done;
  const program = createProgram((c) => {
    code = c;
  });
  try {
    await program.parseAsync(args.length === 0 ? ['--help'] : args, { from: 'user' });
    return code;
  } catch (error) {
    // Help and version end the program as well; commander has written its message by now.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.wrongUse;
    if (!(error instanceof UsageError) && !(error instanceof CommandFailure)) throw error;
    process.stderr.write(`urldrop: ${error.message}\n`);
    return error instanceof UsageError ? exitCodes.wrongUse : exitCodes.failed;
  }
}
