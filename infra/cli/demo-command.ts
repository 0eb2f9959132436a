import { Command } from 'commander';
import { dataDirOption, workersOption } from './option-values.ts';
import type { SetExitCode } from './exit-codes.ts';

export interface DemoFlags {
  readonly dataDir: string;
  readonly workers?: number;
}

export function demoCommand(setExitCode: SetExitCode): Command {
  return new Command('demo')
    .description('Serve the sample shop on this machine, scrape it, and show what came of it.')
    .addOption(dataDirOption())
    .addOption(workersOption())
    .action(async (flags: DemoFlags) => {
      const { demo } = await import('./demo.ts');
      setExitCode(await demo(flags));
    });
}
