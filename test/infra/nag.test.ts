import { Stack, Validations } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { AwsSolutionsChecks, ServerlessChecks, type NagPack } from 'cdk-nag';
import { describe, expect, test } from 'vitest';
import { synthesise, type Synthesised } from './synthesised.ts';

interface Finding {
  readonly rule: string;
  readonly path: string;
}

interface Acknowledgement extends Finding {
  readonly reason: string;
}

const variants = {
  'the stack as it is': synthesise({ scrapers: { news: { schedule: 'rate(1 day)' }, page: {} } }),
  'a stack with every option': synthesise((app) => ({
    scrapers: { news: { schedule: 'rate(1 day)' }, page: {} },
    alarmEmail: 'ops@example.org',
    notifyEmail: 'data@example.org',
    webhookUrl: 'https://example.org/hook',
    webhookSecret: 'urldrop/webhook',
    encryptionKey: new Key(new Stack(app, 'keys'), 'Key', { enableKeyRotation: true }),
    accessLogs: Bucket.fromBucketName(new Stack(app, 'logs'), 'Logs', 'our-logs'),
    tracing: true,
  })),
  'a stack on a bucket that is there already': synthesise({ bucketName: 'our-data' }),
};

/** What the packs find. @param all - what has been acknowledged as well. */
function findings({ stack }: Synthesised, all: boolean): Finding[] {
  const packs: NagPack[] = [new AwsSolutionsChecks(), new ServerlessChecks()];
  return packs.flatMap((pack) => {
    if (all) Object.assign(pack, { isAcknowledged: () => false });
    return pack
      .validateScope(stack)
      .violations.flatMap((v) => v.violatingResources.map((resource) => ({ rule: v.ruleName, path: resource.constructPath ?? '' })));
  });
}

function acknowledgements({ stack }: Synthesised): Acknowledgement[] {
  return stack.node.findAll().flatMap((construct) =>
    construct.node.metadata
      .filter((entry) => entry.type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
      .flatMap((entry) => Object.entries(entry.data as Record<string, string>))
      .map(([id, reason]) => ({ rule: id.replace(/^annotation::/i, ''), path: construct.node.path, reason })),
  );
}

describe.each(Object.entries(variants))('%s', (_, synthesised) => {
  test('has no finding that is not acknowledged', () => {
    expect(findings(synthesised, false)).toEqual([]);
  });

  test('has no acknowledgement without a finding, so that none outlives its reason', () => {
    const found = findings(synthesised, true);

    const idle = acknowledgements(synthesised).filter(
      ({ rule, path }) => !found.some((f) => f.rule === rule && (f.path === path || f.path.startsWith(`${path}/`))),
    );
    expect(idle).toEqual([]);
    expect(found.length).toBeGreaterThan(10);
  });
});
