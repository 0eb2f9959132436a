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
  // Few have one, and its client takes time to load.
  return { id, read: () => import('./read-secret.ts').then(({ readSecret }) => readSecret(id)) };
}
