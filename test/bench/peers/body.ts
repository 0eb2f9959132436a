import { request, type Agent } from 'undici';

export type ClientName = 'request' | 'dispatch' | 'fetch';

interface Body {
  readonly status: number;
  readonly body: Buffer;
}

/** One GET by one of undici's three interfaces. */
export function bodyOf(client: ClientName, agent: Agent): (url: string) => Promise<Body> {
  if (client === 'request') {
    return async (url) => {
      const { statusCode, body } = await request(url);
      return { status: statusCode, body: Buffer.from(await body.arrayBuffer()) };
    };
  }
  if (client === 'fetch') {
    return async (url) => {
      const answer = await fetch(url);
      return { status: answer.status, body: Buffer.from(await answer.arrayBuffer()) };
    };
  }
  return (url) =>
    new Promise((resolve, reject) => {
      const { origin, pathname, search } = new URL(url);
      const chunks: Buffer[] = [];
      let status = 0;
      agent.dispatch(
        { origin, path: pathname + search, method: 'GET' },
        {
          onRequestStart() {},
          onResponseStart(_controller, statusCode) {
            status = statusCode;
          },
          onResponseData(_controller, chunk) {
            chunks.push(chunk);
          },
          onResponseEnd() {
            const [first = Buffer.alloc(0)] = chunks;
            resolve({ status, body: chunks.length === 1 ? first : Buffer.concat(chunks) });
          },
          onResponseError(_controller, error) {
            reject(error);
          },
        },
      );
    });
}
