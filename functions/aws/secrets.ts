import { readSecret } from './read-secret.ts';

/** A text that is kept in AWS Secrets Manager. */
export interface Secret {
  /** Name or ARN. */
  readonly id: string;
  /** @throws what Secrets Manager answered: it names the secret, and nothing of what is in it. */
  readonly read: () => Promise<string>;
}

/** @param id - name or ARN; empty: there is none. */
export function secretNamed(id: string): Secret | undefined {
  if (id === '') return undefined;
  // Not by `import()`: what a bundle loads late, it holds in functions of their own, the whole core of the SDK with it.
  return { id, read: () => readSecret(id) };
}
