import { Stack } from 'aws-cdk-lib';
import { CfnNamedQuery, CfnWorkGroup } from 'aws-cdk-lib/aws-athena';
import { CfnDatabase, CfnTable } from 'aws-cdk-lib/aws-glue';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { savedQueries, tableDefinitions, type PartitionRule, type TableDefinition } from './tables.ts';

export interface AnalyticsProps {
  /** Of the workgroup; the database has it with underscores. */
  readonly name: string;
  readonly bucket: IBucket;
  readonly key: IKey | undefined;
  readonly scrapers: readonly string[];
}

/**
 * Athena over the bucket as it lies: a Glue database with the tables, whose partitions are computed rather than crawled, and a workgroup
 * whose results go to `athena/`. Costs nothing until a query runs.
 */
export class Analytics extends Construct {
  readonly database: string;
  readonly workgroup: string;

  constructor(scope: Construct, id: string, { name, bucket, key, scrapers }: AnalyticsProps) {
    super(scope, id);
    const catalogId = Stack.of(this).account;
    this.database = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '_');
    this.workgroup = name;
    const database = new CfnDatabase(this, 'Database', {
      catalogId,
      databaseInput: { name: this.database, description: 'Results, errors and outcomes of urldrop' },
    });
    for (const [table, definition] of Object.entries(tableDefinitions(scrapers))) {
      const made = new CfnTable(this, table, { catalogId, databaseName: this.database, tableInput: tableInput(table, definition, bucket) });
      made.addResourceDependency(database);
    }
    const workgroup = new CfnWorkGroup(this, 'WorkGroup', {
      name,
      description: 'Queries on the results of urldrop',
      recursiveDeleteOption: true,
      workGroupConfiguration: {
        enforceWorkGroupConfiguration: true,
        publishCloudWatchMetricsEnabled: true,
        resultConfiguration: {
          outputLocation: `s3://${bucket.bucketName}/athena/`,
          encryptionConfiguration: key ? { encryptionOption: 'SSE_KMS', kmsKey: key.keyArn } : { encryptionOption: 'SSE_S3' },
        },
      },
    });
    for (const [queryName, { description, sql }] of Object.entries(savedQueries)) {
      const query = new CfnNamedQuery(this, queryName, {
        name: `${name}: ${queryName}`,
        description,
        database: this.database,
        queryString: sql,
        workGroup: name,
      });
      query.addResourceDependency(workgroup);
    }
  }
}

function tableInput(name: string, definition: TableDefinition, bucket: IBucket): CfnTable.TableInputProperty {
  const { comment, prefix, columns, partitions, template } = definition;
  const names = Object.keys(columns);
  return {
    name,
    description: comment,
    tableType: 'EXTERNAL_TABLE',
    partitionKeys: Object.entries(partitions).map(([key]) => ({ name: key, type: 'string' })),
    parameters: {
      EXTERNAL: 'TRUE',
      'projection.enabled': 'true',
      'storage.location.template': `s3://${bucket.bucketName}/${template}`,
      ...Object.assign({}, ...Object.entries(partitions).map(([key, rule]) => projection(key, rule))),
    },
    storageDescriptor: {
      location: `s3://${bucket.bucketName}/${prefix}`,
      columns: Object.entries(columns).map(([column, type]) => ({ name: column.toLowerCase(), type })),
      inputFormat: 'org.apache.hadoop.mapred.TextInputFormat',
      outputFormat: 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat',
      serdeInfo: {
        serializationLibrary: 'org.openx.data.jsonserde.JsonSerDe',
        parameters: {
          // Case matters, since items have names of their own; a column has small letters only, so each is told its field.
          'case.insensitive': 'false',
          ...Object.fromEntries(names.filter((n) => n !== n.toLowerCase()).map((n) => [`mapping.${n.toLowerCase()}`, n])),
        },
      },
    },
  };
}

function projection(key: string, rule: PartitionRule): Record<string, string> {
  const at = `projection.${key}`;
  switch (rule.type) {
    case 'enum':
      return { [`${at}.type`]: 'enum', [`${at}.values`]: rule.values.join(',') };
    case 'date':
      return { [`${at}.type`]: 'date', [`${at}.format`]: 'yyyy-MM-dd', [`${at}.range`]: `${rule.from},NOW` };
    default:
      return { [`${at}.type`]: rule.type };
  }
}
