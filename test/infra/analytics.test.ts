import { describe, expect, test } from 'vitest';
import { savedQueries, tableDefinitions } from '../../infra/cloud/tables.ts';
import { changesPrefix, errorsPrefix, resultsPrefix, keys } from '../../functions/job/keys.ts';
import { named, ofType, plain, synthesise } from './synthesised.ts';

const { template } = synthesise({ name: 'urldrop-test', scrapers: { page: {}, shop: {} } });
const bucket = named(template, 'AWS::S3::Bucket', 'UrlDropBucket').id;
const table = (name: string) => named(template, 'AWS::Glue::Table', `UrlDropAnalytics${name}`).properties.TableInput;
const definitions = tableDefinitions(['page', 'shop']);

/** A template of the partition projection with values put in. */
function located(name: string, values: Record<string, string>): string {
  const location = plain(table(name).Parameters['storage.location.template']);
  return location.replaceAll(/\$\{(\w+)\}/g, (_, key: string) => values[key] ?? key).replace(`s3://<${bucket}>/`, '');
}

describe('the tables', () => {
  const job = { id: 'shop-20261123-060000-3fa2c1', scraper: 'shop', date: '2026-11-23' };

  test('look where the functions write', () => {
    expect(resultsPrefix(job)).toBe(`${located('results', job)}job=${job.id}/`);
    expect(changesPrefix(job)).toBe(`${located('changes', job)}job=${job.id}/`);
    expect(errorsPrefix(job)).toBe(`${located('errors', job)}job=${job.id}/`);
    expect(keys.outcome(job.id, 'b')).toBe(`${located('outcomes', { job: job.id })}b.json`);
  });

  test.each(Object.keys(definitions) as (keyof typeof definitions)[])(
    '%s: every field of a line is a column, told its name where that has capitals',
    (name) => {
      const { StorageDescriptor: storage, PartitionKeys: partitions } = table(name);
      const columns = (storage.Columns as { Name: string }[]).map((column) => column.Name);
      const mappings = storage.SerdeInfo.Parameters as Record<string, string>;

      const fields = columns.map((column) => mappings[`mapping.${column}`] ?? column);
      expect(fields).toEqual(Object.keys(definitions[name].columns));
      expect(columns).toEqual(columns.map((column) => column.toLowerCase()));
      expect(mappings['case.insensitive']).toBe('false');
      // A column that is a partition too would hide it.
      expect(columns.filter((column) => (partitions as { Name: string }[]).some((p) => p.Name === column))).toEqual([]);
    },
  );

  test('their partitions are computed: from the scrapers there are, the days until now, or what the query names', () => {
    expect(table('results').Parameters).toMatchObject({
      'projection.enabled': 'true',
      'projection.scraper.type': 'enum',
      'projection.scraper.values': 'page,shop',
      'projection.date.type': 'date',
      'projection.date.format': 'yyyy-MM-dd',
      'projection.date.range': expect.stringMatching(/^\d{4}-\d\d-\d\d,NOW$/) as string,
    });
    expect(table('outcomes').Parameters).toMatchObject({ 'projection.job.type': 'injected' });
  });

  test('without scrapers there are none', () => {
    const none = synthesise().template;

    expect(ofType(none, 'AWS::Glue::Table')).toEqual({});
    expect(ofType(none, 'AWS::Athena::WorkGroup')).toEqual({});
  });
});

describe('Athena', () => {
  test('keeps what it answers in the bucket, encrypted, for as long as the bucket says', () => {
    const { properties } = named(template, 'AWS::Athena::WorkGroup', 'UrlDropAnalyticsWorkGroup');
    const { WorkGroupConfiguration: configuration } = properties;
    const rules = named(template, 'AWS::S3::Bucket', 'UrlDropBucket').properties.LifecycleConfiguration.Rules as { Prefix?: string }[];

    expect(properties.Name).toBe('urldrop-test');
    expect(configuration.EnforceWorkGroupConfiguration).toBe(true);
    expect(plain(configuration.ResultConfiguration.OutputLocation)).toBe(`s3://<${bucket}>/athena/`);
    expect(configuration.ResultConfiguration.EncryptionConfiguration).toEqual({ EncryptionOption: 'SSE_S3' });
    expect(rules.map((rule) => rule.Prefix)).toContain('athena/');
  });

  test('has every saved query, for the database of this stack', () => {
    const queries = Object.values(ofType(template, 'AWS::Athena::NamedQuery')).map((query) => query.Properties);

    expect(queries.map((query) => query.QueryString as string)).toEqual(Object.values(savedQueries).map((query) => query.sql));
    for (const query of queries) expect(query).toMatchObject({ Database: 'urldrop_test', WorkGroup: 'urldrop-test' });
    expect(named(template, 'AWS::Glue::Database', 'UrlDropAnalyticsDatabase').properties.DatabaseInput.Name).toBe('urldrop_test');
  });
});
