import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { secretNamed } from '../../functions/aws/secrets.ts';
import { log } from '../../functions/log.ts';
import { createFetcher } from '../../functions/fetch/fetcher.ts';
import type { Scraper } from '../../functions/scraper/types.ts';
import { failureOf, listen, pageOf, requestTo } from '../fetch/harness.ts';
import { errorLines, resultLines } from '../helpers/lines.ts';
import { html, scraper } from '../helpers/scrapers.ts';
import { Stage } from '../helpers/stage.ts';
import { startWeb, type Web } from '../helpers/web.ts';

const PASSWORD = 'open-sesame-4711';
/** All forms in which it could leak. */
const FORMS = [PASSWORD, Buffer.from(`user:${PASSWORD}`).toString('base64'), Buffer.from(PASSWORD).toString('base64').slice(0, -2)];

/** A proxy that forwards to whoever knows the password. */
async function startProxy(): Promise<{ readonly port: number; readonly asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    if (request.headers['proxy-authorization'] !== `Basic ${FORMS[1]}`) return void response.writeHead(407).end();
    asked.push(request.url ?? '');
    httpRequest(request.url ?? '', { headers: { host: request.headers.host } }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    }).end();
    return undefined;
  });
  return { port: (await listen(server)).port, asked };
}

/** As much of Secrets Manager as GetSecretValue (AWS JSON 1.1). A secret that is an error is refused by its name. */
async function startSecretsManager(secrets: Record<string, string | Error>): Promise<{ readonly asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const answer = (body: string): void => {
      const { SecretId = '' } = JSON.parse(body) as { SecretId?: string };
      asked.push(`${String(request.headers['x-amz-target'])} ${SecretId}`);
      const secret = secrets[SecretId] ?? Object.assign(new Error('no such secret'), { name: 'ResourceNotFoundException' });
      response.setHeader('content-type', 'application/x-amz-json-1.1');
      if (typeof secret === 'string') response.end(JSON.stringify({ Name: SecretId, SecretString: secret }));
      else response.writeHead(400).end(JSON.stringify({ __type: secret.name, message: secret.message }));
    };
    void bodyOf(request).then(answer);
  });
  process.env['AWS_ENDPOINT_URL_SECRETS_MANAGER'] = (await listen(server)).origin;
  return { asked };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

/** Runs a task and gives what it wrote to stdout and stderr. */
async function outputOf(task: () => Promise<void>): Promise<string> {
  const streams = [process.stdout, process.stderr] as const;
  const writes = streams.map((stream) => stream.write.bind(stream));
  let text = '';
  for (const stream of streams) {
    stream.write = (chunk: string | Uint8Array): boolean => {
      text += Buffer.from(chunk as Uint8Array).toString('utf8');
      return true;
    };
  }
  try {
    await task();
  } finally {
    for (const [i, stream] of streams.entries()) stream.write = writes[i] as typeof stream.write;
  }
  return text;
}

let web: Web;
beforeEach(async () => {
  web = await startWeb((path) => (path === '/robots.txt' ? undefined : html(path)));
});
afterEach(async () => {
  delete process.env['AWS_ENDPOINT_URL_SECRETS_MANAGER'];
  await web[Symbol.asyncDispose]();
});

describe('a job through proxies', () => {
  it('takes them in turn, counts for each how it fared, and tells their credentials to nobody', async () => {
    const [good, other] = [await startProxy(), await startProxy()];
    await using stage = await Stage.start({
      URLDROP_PROXIES: `http://user:${PASSWORD}@127.0.0.1:${good.port} http://user:wrong-${PASSWORD}@127.0.0.1:${other.port}`,
    });
    const never: Scraper = scraper({ name: 'never', request: { retries: 0 }, politeness: { robots: 'ignore', concurrency: 1 } });
    const tools = stage.tools([scraper({ request: { retries: 5 } }), never]);
    let summary = {};
    const output = await outputOf(async () => {
      log.setLogLevel('DEBUG');
      // Some that fail by the proxy for good, and some that are tried again by way of the other.
      const failing = await stage.startJob(
        'never',
        [1, 2, 3, 4].map((i) => ({ url: `${web.url}/never/${i}` })),
      );
      await stage.drain(tools);
      const job = await stage.startJob(
        'test',
        [1, 2, 3, 4, 5, 6, 7, 8].map((i) => ({ url: `${web.url}/${i}` })),
      );
      await stage.drain(tools);
      summary = [await stage.summary(job), await stage.summary(failing)];
      log.setLogLevel('SILENT');
    });
    const [right, wrong] = [`127.0.0.1:${good.port}`, `127.0.0.1:${other.port}`];
    expect(summary).toMatchObject([
      { requests: { succeeded: 8 }, proxies: { [right]: { failures: 0 } } },
      { requests: { succeeded: 2, failed: 2 }, proxies: { [right]: { fetches: 2, failures: 0 }, [wrong]: { fetches: 2, failures: 2 } } },
    ]);
    expect((await errorLines(stage.cloud.objects)).map((line) => line.code)).toEqual(['proxy', 'proxy']);
    expect(good.asked).toHaveLength(2 + 8 + 1);
    expect(output.includes('"message":"batch"')).toBe(true);
    let seen = output;
    for await (const { key } of stage.cloud.objects.list('')) {
      const bytes = (await stage.cloud.objects.get(key)) ?? Buffer.alloc(0);
      seen += key + (key.endsWith('.gz') ? gunzipSync(bytes) : Buffer.from(bytes)).toString('utf8');
    }
    expect(seen.includes('refuses its credentials')).toBe(true);
    expect(FORMS.filter((form) => seen.includes(form))).toEqual([]);
  });
});

describe('proxies in a secret', () => {
  it.each([
    ['a list', (proxy: string) => `${proxy}\n`],
    ['an array', (proxy: string) => JSON.stringify([proxy])],
    ['an object', (proxy: string) => JSON.stringify({ proxies: [proxy] })],
  ])('are read from Secrets Manager, once, as %s', async (_form, write) => {
    const proxy = await startProxy();
    const { asked } = await startSecretsManager({ 'urldrop/proxies': write(`http://user:${PASSWORD}@127.0.0.1:${proxy.port}`) });
    await using stage = await Stage.start({ URLDROP_PROXIES_SECRET: 'urldrop/proxies' });
    await stage.startJob('test', [{ url: `${web.url}/1` }, { url: `${web.url}/2` }]);
    await stage.drain(stage.tools([scraper()]));
    expect(await resultLines(stage.cloud.objects)).toHaveLength(2);
    expect(proxy.asked).toHaveLength(3);
    expect(asked).toEqual(['secretsmanager.GetSecretValue urldrop/proxies']);
  });

  it('that cannot be had mean that nothing is fetched, and never straight', async () => {
    const denied = Object.assign(new Error('User is not authorized'), { name: 'AccessDeniedException' });
    await startSecretsManager({ denied, broken: `http://user:${PASSWORD}@127.0.0.1:1 nonsense-${PASSWORD}`, empty: '', form: '{"a":1}' });
    await using stage = await Stage.start();
    for (const proxiesSecret of ['denied', 'gone', 'broken', 'empty', 'form']) {
      const fetcher = createFetcher({ ...stage.options, proxySecret: secretNamed(proxiesSecret) });
      const error = await failureOf(fetcher.fetch(requestTo(`${web.url}/page`)));
      expect([error.code, error.next]).toEqual(['proxy', 'again']);
      expect(error.message).toContain(`The proxies in the secret ${proxiesSecret} could not be read: `);
      expect(FORMS.filter((form) => error.message.includes(form))).toEqual([]);
      await fetcher.close();
    }
    expect(web.log).toEqual([]);
    expect(await errorLines(stage.cloud.objects)).toEqual([]);
  });

  it('are read again when they may have changed; what is known serves until then', async () => {
    const [first, second] = [await startProxy(), await startProxy()];
    const secrets = { list: `http://user:${PASSWORD}@127.0.0.1:${first.port}` };
    const { asked } = await startSecretsManager(secrets);
    await using stage = await Stage.start();
    let nowMs = 1_000_000;
    const fetcher = createFetcher({ ...stage.options, proxySecret: secretNamed('list'), now: () => nowMs });
    const get = (path: string) => pageOf(fetcher.fetch(requestTo(web.url + path)));
    await get('/1');
    secrets.list = `http://user:${PASSWORD}@127.0.0.1:${second.port}`;
    nowMs += 599_000;
    await get('/2');
    expect(asked).toHaveLength(1);
    nowMs += 1_000;
    // The one that notices still goes the known way.
    await get('/3');
    await expect.poll(async () => (await get('/4'), second.asked.length)).toBeGreaterThan(0);
    expect(asked).toHaveLength(2);
    await fetcher.close();
  });
});
