import { Command } from 'commander';
import { allowPrivateOption, proxiesOption, recipeOption, type ProxiesFlag } from './option-values.ts';
import type { SetExitCode } from './exit-codes.ts';

export interface TryFlags {
  readonly recipe?: string;
  readonly page?: string;
  readonly json?: true;
  readonly save?: true;
  readonly allowPrivate?: true;
  readonly proxies?: ProxiesFlag;
}

export function tryCommand(setExitCode: SetExitCode): Command {
  return new Command('try')
    .description('Fetch one page, run a scraper on it, and show items, what it leads to, empty fields and timings. Nothing is stored.')
    .usage('[options] SCRAPER URL')
    .argument('[scraper]', 'name of the scraper; left out with --recipe')
    .argument('[url]', 'the page')
    .addOption(recipeOption())
    .option('--page <type>', 'page type (default: the first of the scraper)')
    .option('--save', 'keep the page as a fixture of the project, with a test of what the scraper gives of it now')
    .option('--json', 'print items, links and timings as JSON')
    .addOption(allowPrivateOption())
    .addOption(proxiesOption())
    .action(async (first: string | undefined, second: string | undefined, flags: TryFlags) => {
      const { tryPage } = await import('./try.ts');
      setExitCode(
        await tryPage(
          [first, second].filter((word) => word !== undefined),
          flags,
        ),
      );
    });
}
