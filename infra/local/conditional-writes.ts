import type { App, AppReply } from './guarded-fauxqs.ts';

/**
 * Makes the embedded S3 heed `If-None-Match: *` and `If-Match` of PutObject, as S3 does (Amazon S3 user guide, "Conditional writes");
 * fauxqs 2.4.1 writes all the same. Conditional writes of one key go one after another.
 */
export function heedConditions(app: App): void {
  const queues = new Map<string, Promise<void>>();
  app.addHook('preHandler', async (request, reply) => {
    if (request.method !== 'PUT') return undefined;
    const [absent, etag] = [request.headers['if-none-match'], request.headers['if-match']];
    if (absent === undefined && etag === undefined) return undefined;
    const { url } = request;
    const before = queues.get(url);
    const answered = new Promise<void>((resolve) => reply.raw.once('close', resolve));
    const turn = (before ?? Promise.resolve()).then(() => answered);
    queues.set(url, turn);
    void turn.then(() => queues.get(url) === turn && queues.delete(url));
    await before;
    const { host = '', authorization = '' } = request.headers;
    const { statusCode, headers } = await app.inject({ method: 'HEAD', url: url.split('?', 1)[0] ?? '', headers: { host, authorization } });
    if (absent !== undefined ? statusCode === 404 : statusCode === 200 && headers['etag'] === etag) return undefined;
    return refuse(reply, absent === undefined && statusCode === 404);
  });
}

function refuse(reply: AppReply, isGone: boolean): AppReply {
  const [status, code] = isGone ? [404, 'NoSuchKey'] : [412, 'PreconditionFailed'];
  return reply
    .code(status)
    .type('application/xml')
    .send(
      `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>A condition of the write does not hold.</Message></Error>`,
    );
}
