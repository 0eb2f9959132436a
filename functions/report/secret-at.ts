import { readFile } from 'node:fs/promises';
import { secretNamed } from '../aws/secrets.ts';
import { UsageError } from '../job/errors.ts';

const MANAGED = 'secretsmanager:';
const FILE = 'file:';

/**
 * Reads a secret from where it lies, never from the environment itself.
 *
 * @param at - `secretsmanager:<name>`, in AWS Secrets Manager; `file:<path>`, on a machine of one's own.
 * @throws {UsageError} code `bad-option` for another place; what Secrets Manager or the file system answered.
 */
export async function readSecret(at: string): Promise<string> {
  if (at.startsWith(FILE)) return (await readFile(at.slice(FILE.length), 'utf8')).trim();
  if (!at.startsWith(MANAGED))
    throw new UsageError('bad-option', `A secret lies at ${MANAGED}<name> or ${FILE}<path>, not at what was given.`);
  return (await secretNamed(at.slice(MANAGED.length))?.read()) ?? '';
}
