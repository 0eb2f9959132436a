import { Command } from 'commander';
import { allowPrivateOption } from './option-values.ts';
import type { SetExitCode } from './program.ts';

export interface TryFlags {
  readonly page?: string;
  readonly json?: true;
  readonly allowPrivate?: true;
}

export function tryCommand(setExitCode: SetExitCode): Command {
  return new Command('try')
    .description('Fetch one page, run a scraper on it, and show items, links to follow and timings. Nothing is stored.')
    .argument('<scraper>', 'name of the scraper')
    .argument('<url>', 'the page')
    .option('--page <type>', 'page type (default: the first of the scraper)')
    .option('--json', 'print items, links and timings as JSON')
    .addOption(allowPrivateOption())
    .action(async (scraper: string, url: string, flags: TryFlags) => {
      const { tryScraper } = await import('./try.ts');
      setExitCode(await tryScraper(scraper, url, flags));
    });
}
