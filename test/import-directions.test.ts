import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = dirname(import.meta.dirname);

/** Rooms that a room may import from, beside itself. Arrows point one way: handlers → scraper, fetch, urls → job → aws. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  'functions/aws': ['functions/job', 'functions/options.ts'],
  'functions/job': ['functions/aws'],
  'functions/urls': ['functions/job', 'functions/fetch'],
  'functions/fetch': ['functions/job', 'functions/options.ts'],
  'functions/scraper': ['functions/job', 'functions/fetch', 'functions/urls'],
  'functions/scrapers': ['functions/scraper', 'functions/job', 'functions/urls'],
  'functions/enqueue': [
    'functions/aws',
    'functions/job',
    'functions/urls',
    'functions/fetch',
    'functions/scraper',
    'functions/scrapers',
    'functions/options.ts',
    'functions/log.ts',
  ],
  'functions/scrape': [
    'functions/aws',
    'functions/job',
    'functions/urls',
    'functions/fetch',
    'functions/scraper',
    'functions/scrapers',
    'functions/options.ts',
    'functions/log.ts',
  ],
  'functions/report': ['functions/aws', 'functions/job', 'functions/options.ts', 'functions/log.ts'],
};

interface Import {
  readonly file: string;
  readonly target: string;
  readonly isType: boolean;
}

function importsBelow(folder: string): Import[] {
  const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.ts'));
  return files.flatMap((f) => {
    const file = join(folder, f);
    const source = readFileSync(join(root, file), 'utf8');
    return Array.from(source.matchAll(/^(?:import|export) (type )?[^;]*?from '([^']+)';|\bimport\('([^']+)'\)/gm), (m) => {
      const specifier = m[2] ?? m[3] ?? '';
      const target = specifier.startsWith('.') ? relative(root, resolve(root, dirname(file), specifier)) : specifier;
      return { file, target, isType: m[1] !== undefined };
    });
  });
}

const roomOf = (path: string): string => path.split('/').slice(0, 2).join('/');

describe('imports', () => {
  const functions = importsBelow('functions');
  const infra = importsBelow('infra');

  it('were found at all', () => {
    expect(functions.length).toBeGreaterThan(50);
    expect(functions.some((i) => i.target === 'functions/job/batch.ts')).toBe(true);
  });

  it('of functions/ never lead to infra/ or test/', () => {
    expect(functions.filter((i) => /^(infra|test)\//.test(i.target))).toEqual([]);
  });

  it('within functions/ follow the arrows', () => {
    const wrong = functions.filter(({ file, target, isType }) => {
      if (!target.startsWith('functions/')) return false;
      const [from, to] = [roomOf(file), roomOf(target)];
      // A type carries no code along; but aws/ may know the words of job/ only as types.
      if (from === 'functions/aws' && to === 'functions/job' && !isType) return true;
      return from.startsWith('functions/') && allowed[from] !== undefined && from !== to && !allowed[from].includes(to);
    });
    expect(wrong).toEqual([]);
  });

  it('of the AWS SDK stand in functions/aws alone', () => {
    const wrong = [...functions, ...infra].filter((i) => /^@(aws-sdk|smithy)\//.test(i.target) && roomOf(i.file) !== 'functions/aws');
    expect(wrong).toEqual([]);
  });

  it('of the CDK stand in infra/ alone, and not in the local cloud or the command', () => {
    const isCdk = (i: Import) => /^(aws-cdk-lib|constructs|cdk-nag)/.test(i.target);
    expect(functions.filter(isCdk)).toEqual([]);
    expect(infra.filter((i) => isCdk(i) && /^infra\/(local|cli)\//.test(i.file))).toEqual([]);
  });
});
