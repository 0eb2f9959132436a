import { startFauxqs, type FauxqsServer } from 'fauxqs';
import { heedConditions } from './conditional-writes.ts';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { DatabaseSync } from 'node:sqlite';
import { readSegments } from './segment-reads.ts';

export interface Guards {
  /** Gets the database when its tables are there and before fauxqs loads them. Not called without a data directory. */
  readonly prepare: (database: DatabaseSync) => void;
  /** Called when an object has been written, before its writer hears of it. */
  readonly onObjectCreated: (bucket: string, key: string) => void;
}

/** What is used of Fastify, whose instance fauxqs keeps to itself; Fastify announces each one on a diagnostics channel. */
export interface App {
  listen(options: { port: number; host: string }): Promise<string>;
  inject(call: {
    method: string;
    url: string;
    headers: Readonly<Record<string, string>>;
  }): Promise<{ readonly statusCode: number; readonly headers: Readonly<Record<string, unknown>> }>;
  addHook(name: 'preHandler', hook: (request: AppRequest, reply: AppReply) => Promise<AppReply | undefined>): void;
  addHook(
    name: 'onSend',
    hook: (request: AppRequest, reply: { readonly statusCode: number }, payload: unknown, done: () => void) => void,
  ): void;
}
export interface AppReply {
  readonly raw: { once(event: 'close', listener: () => void): unknown };
  code(status: number): AppReply;
  type(mediaType: string): AppReply;
  header(name: string, value: string): AppReply;
  send(payload: string | Buffer): AppReply;
}
export interface AppRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly params: unknown;
  readonly query: unknown;
}

const JOURNAL_MODE = /^PRAGMA journal_mode/;
const TABLES = /CREATE TABLE IF NOT EXISTS s3_objects/;
/** Pages of objects can be skipped when the rest of their rows is read, and freed ones given back: a start reads no bodies. */
const BEFORE_TABLES = 'PRAGMA page_size = 8192; PRAGMA auto_vacuum = INCREMENTAL';
/**
 * SQLite does not wait for the disk at every statement (each message costs about five, at 1 to 2 ms each). In WAL mode a killed
 * process loses nothing by that; after a power cut the last moments are gone, but what is there fits together
 * (sqlite.org/pragma.html#pragma_synchronous).
 */
const AFTER_JOURNAL_MODE = 'PRAGMA synchronous = NORMAL';

/**
 * Starts fauxqs with what it has no option for: it listens on loopback only (2.4.1 binds every interface, where anyone may read
 * and write), its database is tuned as above, it heeds the conditions of writes, reads parts of segments
 * alone, and `guards` are called.
 *
 * @param options.dir - queues and objects go to a SQLite database in it; absent: all in memory.
 * @throws {Error} with code EADDRINUSE or EACCES from listening.
 */
export function startGuardedFauxqs(options: { port: number; region: string; dir?: string }, guards: Guards): Promise<FauxqsServer> {
  let database: DatabaseSync | undefined;
  const opened = (its: DatabaseSync) => {
    database = its;
    guards.prepare(its);
  };
  const guard = (message: unknown) => guardApp((message as { fastify: App }).fastify, guards, () => database);
  const original = Object.getOwnPropertyDescriptor(DatabaseSync.prototype, 'exec') as PropertyDescriptor;
  const exec = original.value as (this: DatabaseSync, sql: string) => void;
  subscribe('fastify.initialization', guard);
  Object.defineProperty(DatabaseSync.prototype, 'exec', {
    ...original,
    value(this: DatabaseSync, sql: string) {
      if (JOURNAL_MODE.test(sql)) exec.call(this, BEFORE_TABLES);
      exec.call(this, sql);
      if (JOURNAL_MODE.test(sql)) exec.call(this, AFTER_JOURNAL_MODE);
      if (TABLES.test(sql)) opened(this);
    },
  });
  try {
    // Database and Fastify instance are made before this call returns its promise, so nobody else meets the patches.
    return startFauxqs({
      port: options.port,
      logger: false,
      defaultRegion: options.region,
      ...(options.dir !== undefined && { dataDir: options.dir }),
    });
  } finally {
    Object.defineProperty(DatabaseSync.prototype, 'exec', original);
    unsubscribe('fastify.initialization', guard);
  }
}

function guardApp(app: App, { onObjectCreated }: Guards, database: () => DatabaseSync | undefined): void {
  const listen = app.listen.bind(app);
  app.listen = (options) => listen({ ...options, host: '127.0.0.1' });
  heedConditions(app);
  readSegments(app, database);
  app.addHook('onSend', (request, reply, _payload, done) => {
    if (reply.statusCode === 200 && createsObject(request)) {
      const { bucket = '', '*': key = '' } = request.params as { bucket?: string; '*'?: string };
      if (key !== '') onObjectCreated(bucket, key);
    }
    done();
  });
}

/** By the routes of fauxqs, path style. */
function createsObject({ method, query }: AppRequest): boolean {
  const { partNumber, uploadId } = query as { partNumber?: string; uploadId?: string };
  return method === 'PUT' ? partNumber === undefined : method === 'POST' && uploadId !== undefined;
}
