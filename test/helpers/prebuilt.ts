import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { currentBuild, ROOT } from '../../infra/prebuilt/build.ts';

/** Tests and benchmarks run what users have behind `npm ci`, whatever has been edited since. */
export default function prebuild(): void {
  if (!currentBuild()) spawnSync(process.execPath, [join(ROOT, 'infra/prebuilt/prebuild.ts')], { stdio: 'inherit' });
}
