import fc from 'fast-check';
import { truncateSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { UploadLog, type Upload } from '../../../infra/local/upload-log.ts';
import { tempDir } from './clouds.ts';

const step = fc.oneof(
  fc.record({ kind: fc.constant('upload' as const), key: fc.string(), atMs: fc.integer({ min: 0, max: 10 }) }),
  fc.record({ kind: fc.constant('handle' as const), which: fc.nat(20) }),
  fc.record({ kind: fc.constant('restart' as const) }),
);

test('whatever is uploaded, handled and restarted, exactly the unhandled uploads are due, in order, unchanged', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      using dir = tempDir();
      const file = join(dir.path, 'uploads.jsonl');
      let log = new UploadLog(file);
      let due: Upload[] = [];
      for (const s of steps) {
        if (s.kind === 'restart') log = new UploadLog(file);
        else if (s.kind === 'upload') due.push(log.record(s.key, 'ObjectCreated:Put', new Date(1_700_000_000_000 + s.atMs)));
        else if (due.length > 0) {
          const handled = due[s.which % due.length] as Upload;
          log.handled(handled);
          due = due.filter((u) => u !== handled);
        }
        expect(log.pending()).toEqual(due);
      }
      expect(new UploadLog(file).pending()).toEqual(due);
      const sequencers = due.map((u) => u.sequencer);
      expect(new Set(sequencers).size).toBe(sequencers.length);
    }),
    { numRuns: 50 },
  );
});

test('a log cut anywhere in its last line loses that line only', () => {
  fc.assert(
    fc.property(fc.nat(200), (cut) => {
      using dir = tempDir();
      const file = join(dir.path, 'uploads.jsonl');
      const log = new UploadLog(file);
      const first = log.record('urls/page/a.txt', 'ObjectCreated:Put', new Date());
      const kept = statSync(file).size;
      log.record('urls/page/b.txt', 'ObjectCreated:Put', new Date());
      truncateSync(file, kept + (cut % (statSync(file).size - kept - 1)));
      expect(new UploadLog(file).pending()).toEqual([first]);
    }),
    { numRuns: 50 },
  );
});
