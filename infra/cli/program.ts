import { Command } from 'commander';
import manifest from '../../package.json' with { type: 'json' };
import { demoCommand } from './demo-command.ts';
import type { SetExitCode } from './exit-codes.ts';
import { estimateCommand } from './estimate-command.ts';
import { jobCommands } from './job-commands.ts';
import { newCommand } from './new-command.ts';
import { runCommand } from './run-command.ts';
import { tryCommand } from './try-command.ts';
import { upCommand } from './up-command.ts';

/** All commands with their options. What they do is loaded when one of them is run. */
export function createProgram(setExitCode: SetExitCode): Command {
  const program = new Command('urldrop')
    .description('Serverless scraping: drop a file of URLs, structured data falls out.')
    .version(manifest.version)
    .helpCommand(false)
    .showHelpAfterError('Type "urldrop --help" for help.')
    .addHelpText(
      'after',
      `
Examples:
  urldrop demo                                          see it work on a shop that comes along
  urldrop run https://example.com                       one page
  urldrop run urls.txt --out pages.csv                  a list of URLs to a table
  urldrop run urls.txt --scraper shop --concurrency 8   your own scraper, 8 requests in flight per host
  urldrop try shop https://shop.example/books/1         one page, nothing stored
  urldrop new books https://shop.example/books/         a scraper to begin with`,
    );
  const commands = [runCommand, demoCommand, tryCommand, newCommand, upCommand, estimateCommand].map((command) => command(setExitCode));
  for (const command of [...commands, ...jobCommands(setExitCode)]) {
    command.copyInheritedSettings(program).showHelpAfterError(`Type "urldrop ${command.name()} --help" for help.`);
    program.addCommand(command);
  }
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'urldrop: ')) });
  }
  return program;
}
