import { startFauxqs, type FauxqsServer } from 'fauxqs';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { DatabaseSync } from 'node:sqlite';

/** What happens to an object as S3 names its events. */
export type ObjectEventName = 'ObjectCreated:Put' | 'ObjectCreated:Copy' | 'ObjectCreated:CompleteMultipartUpload';

/** Calls around each write of an object. The three run in one turn of the event loop: no other write lies between. */
export interface WriteHooks {
  /** Before fauxqs touches the object's files. */
  begin(bucket: string, key: string, copiesItself: boolean): void;
  /** After the files are written or removed and before the client hears of it; `created` unless the object was deleted. */
  commit(bucket: string, key: string, created: ObjectEventName | undefined): void;
  /** The write failed; the client gets an error. */
  rollback(bucket: string, key: string): void;
}

/** What is used of Fastify, whose instance fauxqs keeps to itself; Fastify announces each one on a diagnostics channel. */
interface App {
  listen(options: { port: number; host: string }): Promise<string>;
  addHook(name: 'preHandler', hook: (request: AppRequest, reply: AppReply, done: () => void) => void): void;
  addHook(name: 'onSend', hook: (request: AppRequest, reply: AppReply, payload: unknown, done: () => void) => void): void;
}
interface AppRequest {
  readonly method: string;
  readonly params: unknown;
  readonly query: unknown;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}
interface AppReply {
  readonly statusCode: number;
}

interface ObjectWrite {
  readonly bucket: string;
  readonly key: string;
  readonly created: ObjectEventName | undefined;
  readonly copiesItself: boolean;
}

/**
 * Starts fauxqs with three things that it has no option for:
 * - it listens on loopback only (2.4.1 binds every interface, and anyone may read and write there);
 * - SQLite does not wait for the disk at every statement: each message costs about five, at 1 to 2 ms each. In WAL mode a
 *   killed process loses nothing by that; only a power cut can (sqlite.org/pragma.html#pragma_synchronous);
 * - `hooks` are called around object writes.
 *
 * @throws {Error} with code EADDRINUSE or EACCES from listening; SyntaxError from a torn file in the S3 directory.
 */
export function startGuardedFauxqs(
  options: { port: number; region: string; sqsDir?: string; s3Dir?: string },
  hooks: WriteHooks | undefined,
): Promise<FauxqsServer> {
  const guard = (message: unknown) => guardApp((message as { fastify: App }).fastify, hooks);
  const exec = Object.getOwnPropertyDescriptor(DatabaseSync.prototype, 'exec') as PropertyDescriptor & {
    value: DatabaseSync['exec'];
  };
  subscribe('fastify.initialization', guard);
  Object.defineProperty(DatabaseSync.prototype, 'exec', { ...exec, value: execWithoutSync });
  try {
    // The databases and the Fastify instance are made before this call returns its promise, so nobody else meets the patches.
    return startFauxqs({
      port: options.port,
      logger: false,
      defaultRegion: options.region,
      ...(options.sqsDir !== undefined && { dataDir: options.sqsDir }),
      ...(options.s3Dir !== undefined && { s3StorageDir: options.s3Dir }),
    });
  } finally {
    Object.defineProperty(DatabaseSync.prototype, 'exec', exec);
    unsubscribe('fastify.initialization', guard);
  }

  function execWithoutSync(this: DatabaseSync, sql: string): void {
    exec.value.call(this, sql);
    if (sql.startsWith('PRAGMA journal_mode')) exec.value.call(this, 'PRAGMA synchronous = NORMAL');
  }
}

function guardApp(app: App, hooks: WriteHooks | undefined): void {
  const listen = app.listen.bind(app);
  app.listen = (options) => listen({ ...options, host: '127.0.0.1' });
  if (!hooks) return;
  const writes = new WeakMap<AppRequest, ObjectWrite>();
  app.addHook('preHandler', (request, _reply, done) => {
    const write = objectWriteOf(request);
    if (write) {
      writes.set(request, write);
      hooks.begin(write.bucket, write.key, write.copiesItself);
    }
    done();
  });
  app.addHook('onSend', (request, reply, _payload, done) => {
    const write = writes.get(request);
    // A handler that threw comes here twice: first with its error's answer, then with what replaced it.
    if (write && writes.delete(request)) {
      if (reply.statusCode < 300) hooks.commit(write.bucket, write.key, write.created);
      else hooks.rollback(write.bucket, write.key);
    }
    done();
  });
}

/** The object that a request writes or deletes; undefined for every other request (the routes of fauxqs, path style). */
function objectWriteOf(request: AppRequest): ObjectWrite | undefined {
  const { bucket, '*': key } = request.params as { bucket?: string; '*'?: string };
  const query = request.query as Readonly<Record<string, string>>;
  if (bucket === undefined || key === undefined || key === '') return undefined;
  const write = { bucket, key, copiesItself: false };
  switch (request.method) {
    case 'PUT': {
      if (query['partNumber'] !== undefined || 'renameObject' in query) return undefined;
      const source = request.headers['x-amz-copy-source'];
      if (source === undefined) return { ...write, created: 'ObjectCreated:Put' };
      return { ...write, created: 'ObjectCreated:Copy', copiesItself: true };
    }
    case 'POST':
      return query['uploadId'] === undefined ? undefined : { ...write, created: 'ObjectCreated:CompleteMultipartUpload' };
    case 'DELETE':
      return query['uploadId'] === undefined ? { ...write, created: undefined } : undefined;
    default:
      return undefined;
  }
}
