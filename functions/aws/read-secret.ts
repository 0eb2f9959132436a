import { GetSecretValueCommand, SecretsManagerClient } from './sdk.ts';

/** Reads the text of a secret by its name or ARN. @throws what Secrets Manager answered. */
export async function readSecret(id: string): Promise<string> {
  const client = new SecretsManagerClient({});
  try {
    const { SecretString, SecretBinary } = await client.send(new GetSecretValueCommand({ SecretId: id }));
    return SecretString ?? Buffer.from(SecretBinary ?? []).toString('utf8');
  } finally {
    client.destroy();
  }
}
