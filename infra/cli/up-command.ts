import { Command } from 'commander';
import { allowPrivateOption, proxiesOption, type ProxiesFlag, dataDirOption, portOption, workersOption } from './option-values.ts';
import type { SetExitCode } from './exit-codes.ts';

export interface UpFlags {
  readonly dataDir: string;
  readonly port?: number;
  readonly workers?: number;
  readonly allowPrivate?: true;
  readonly proxies?: ProxiesFlag;
}

export function upCommand(setExitCode: SetExitCode): Command {
  return new Command('up')
    .description('Keep the local cloud up: drop files with any S3 client, schedules fire, until Ctrl-C.')
    .addOption(portOption())
    .addOption(workersOption())
    .addOption(dataDirOption())
    .addOption(allowPrivateOption())
    .addOption(proxiesOption())
    .action(async (flags: UpFlags) => {
      const { up } = await import('./up.ts');
      setExitCode(await up(flags));
    });
}
