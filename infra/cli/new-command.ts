import { Command } from 'commander';
import { allowPrivateOption } from './option-values.ts';
import type { SetExitCode } from './exit-codes.ts';

export interface NewFlags {
  readonly allowPrivate?: true;
}

export function newCommand(setExitCode: SetExitCode): Command {
  return new Command('new')
    .description('Write a scraper for a page, with a first guess at the items it repeats and their fields.')
    .argument('<name>', 'of the scraper: lower-case letters, digits and dashes')
    .argument('<url>', 'a page with the items')
    .addOption(allowPrivateOption())
    .action(async (name: string, url: string, flags: NewFlags) => {
      const { newScraper } = await import('./new.ts');
      setExitCode(await newScraper(name, url, flags));
    });
}
