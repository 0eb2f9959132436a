import { createHash, randomBytes } from 'node:crypto';
import { createClients } from '../../../functions/aws/clients.ts';
import { ObjectStore } from '../../../functions/aws/objects.ts';
import { LOCAL_BUCKET, startEmbeddedAws } from '../../../infra/local/embedded-aws.ts';

// Overwrites a few large objects for ever, each with the hash of its own content; for tests that kill it.
const aws = await startEmbeddedAws({ dataDir: process.argv[2] ?? '' });
const objects = new ObjectStore(
  createClients(true, { endpoint: aws.endpoint, region: aws.region, credentials: aws.credentials }).s3,
  LOCAL_BUCKET,
);
for (let i = 0; ; i++) {
  const content = randomBytes(500_000 + (i % 7) * 200_000).toString('hex');
  await objects.put(`urls/page/${i % 3}`, `${createHash('sha256').update(content).digest('hex')}\n${content}`);
  if (i % 3 === 2) process.stdout.write('.');
}
