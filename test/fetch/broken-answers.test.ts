import { describe, expect, test } from 'vitest';
import { failureOf, htmlAnswer, pageOf, requestTo, startRaw, startSite, startTcp, testFetcher } from './harness.ts';

describe('time', () => {
  test('a server that accepts and says nothing ends with timeout at the total time', async () => {
    const site = await startTcp(() => {});
    const error = await failureOf(testFetcher().fetch(requestTo(site.origin, { timeoutMs: 100 })));
    expect(error).toMatchObject({ code: 'timeout', next: 'again' });
    expect(error.message).toContain('waiting for headers');
  });

  test('a body that drips for ever ends with timeout at the total time, though no silence is long', async () => {
    const site = await startRaw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n');
      const drip = setInterval(() => socket.write('x'), 10);
      socket.once('close', () => clearInterval(drip));
    });
    const error = await failureOf(testFetcher().fetch(requestTo(site.origin, { timeoutMs: 300 })));
    expect(error.code).toBe('timeout');
    expect(error.message).toMatch(/reading the body \(\d+ bytes so far\)/);
  });

  test('headers that drip for ever end with timeout at the total time', async () => {
    const site = await startRaw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      const drip = setInterval(() => socket.write('X-More: 1\r\n'), 10);
      socket.once('close', () => clearInterval(drip));
    });
    expect(await failureOf(testFetcher().fetch(requestTo(site.origin, { timeoutMs: 300 })))).toMatchObject({ code: 'timeout' });
  });

  test('silence before the headers ends at the header timeout', async () => {
    const site = await startTcp(() => {});
    const error = await failureOf(testFetcher({ headersTimeoutMs: 50 }).fetch(requestTo(site.origin)));
    expect(error.code).toBe('timeout');
    expect(error.message).toContain('Headers Timeout');
  });

  test('silence inside the body ends at the body timeout', async () => {
    const site = await startRaw(
      (socket) => void socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\nabc'),
    );
    const error = await failureOf(testFetcher({ bodyTimeoutMs: 50 }).fetch(requestTo(site.origin)));
    expect(error.code).toBe('timeout');
    expect(error.message).toContain('Body Timeout');
  });

  test('an endless row of early hints ends with timeout', async () => {
    const site = await startRaw((socket) => {
      const drip = setInterval(() => socket.write('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'), 10);
      socket.once('close', () => clearInterval(drip));
    });
    expect(await failureOf(testFetcher().fetch(requestTo(site.origin, { timeoutMs: 300 })))).toMatchObject({ code: 'timeout' });
  });

  test('a caller can end a fetch at once, and its connection with it', async () => {
    let closed: () => void = () => {};
    const gone = new Promise<void>((resolve) => (closed = resolve));
    const abort = new AbortController();
    const site = await startRaw((socket) => {
      socket.once('close', closed);
      abort.abort();
    });
    const error = await failureOf(testFetcher().fetch(requestTo(site.origin, { signal: abort.signal })));
    expect(error.code).toBe('cancelled');
    await gone;
  });

  test('a signal that fired before the fetch opens no connection', async () => {
    const site = await startRaw((socket) => void socket.write(htmlAnswer()));
    const error = await failureOf(testFetcher().fetch(requestTo(site.origin, { signal: AbortSignal.abort() })));
    expect(error.code).toBe('cancelled');
    expect(site.connections()).toBe(0);
  });
});

describe('connections that break', () => {
  test('nobody listening is connect', async () => {
    const site = await startTcp(() => {});
    const fetcher = testFetcher();
    // Port 1 of the same loopback address: nothing listens there.
    const error = await failureOf(fetcher.fetch(requestTo(site.origin.replace(/\d+$/, '1'))));
    expect(error).toMatchObject({ code: 'connect', next: 'again' });
    expect(error.message).toContain('ECONNREFUSED');
  });

  test('a connection closed without an answer is connect', async () => {
    const site = await startRaw((socket) => socket.destroy());
    expect(await failureOf(testFetcher().fetch(requestTo(site.origin)))).toMatchObject({ code: 'connect' });
  });

  test('a reset instead of an answer is connect', async () => {
    const site = await startRaw((socket) => socket.resetAndDestroy());
    expect(await failureOf(testFetcher().fetch(requestTo(site.origin)))).toMatchObject({ code: 'connect' });
  });

  for (const [how, head] of [
    ['with a length', 'Content-Length: 1000\r\n'],
    ['in chunks', 'Transfer-Encoding: chunked\r\n'],
    ['with a length, on a connection that is to close', 'Connection: close\r\nContent-Length: 1000\r\n'],
    ['in chunks, on a connection that is to close', 'Connection: close\r\nTransfer-Encoding: chunked\r\n'],
  ] as const) {
    test(`a body ${how} that is dropped half way is an error, not a page`, async () => {
      const site = await startRaw((socket) => {
        socket.end(`HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n${head}\r\n${head.includes('chunked') ? '3e8\r\n' : ''}<p>half`);
      });
      expect(await failureOf(testFetcher().fetch(requestTo(site.origin)))).toMatchObject({ code: 'connect' });
    });

    test(`a body ${how} that is reset half way is an error, not a page`, async () => {
      const site = await startRaw((socket) => {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n${head}\r\n${head.includes('chunked') ? '3e8\r\n' : ''}<p>half`, () =>
          socket.resetAndDestroy(),
        );
      });
      expect(await failureOf(testFetcher().fetch(requestTo(site.origin)))).toMatchObject({ code: 'connect' });
    });
  }

  test('a body without a length ends with its connection', async () => {
    const site = await startRaw((socket) => void socket.end('HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>whole</p>'));
    const page = await pageOf(testFetcher().fetch(requestTo(site.origin)));
    expect(page.text()).toBe('<p>whole</p>');
  });

  // The HTTP parser takes a reset for the end of such a body, so half a page passed for a whole one.
  test('a body without a length that ends in a reset is an error, not a page', async () => {
    const site = await startRaw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>half', () => socket.resetAndDestroy());
    });
    expect(await failureOf(testFetcher().fetch(requestTo(site.origin)))).toMatchObject({ code: 'connect' });
  });
});

describe('answers that are no valid HTTP', () => {
  for (const [what, bytes] of [
    ['no HTTP at all', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['a status line cut short', 'HTTP/1.1 \r\n\r\n'],
    ['a chunk size that is no number', 'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc'],
    [
      'a chunk longer than it says',
      'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n0\r\n\r\n',
    ],
    ['a length that is no number', 'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: ten\r\n\r\nabc'],
    ['a header without a colon', 'HTTP/1.1 200 OK\r\nnonsense\r\n\r\n'],
    ['a NUL in a header', 'HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n'],
  ] as const) {
    test(`${what} is protocol`, async () => {
      const site = await startRaw((socket) => void socket.write(bytes, 'latin1'));
      const error = await failureOf(testFetcher().fetch(requestTo(site.origin)));
      expect(error).toMatchObject({ code: 'protocol', next: 'again' });
      expect(error.message).toContain(`GET ${site.origin}`);
    });
  }

  for (const [what, bytes] of [
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd'],
    ['a length and chunks', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n'],
  ] as const) {
    test(`${what}, which contradict each other, are an error, not a page`, async () => {
      const site = await startRaw((socket) => void socket.write(bytes, 'latin1'));
      const error = await failureOf(testFetcher().fetch(requestTo(site.origin)));
      expect(['connect', 'protocol']).toContain(error.code);
    });
  }

  test('what follows the answer does not pass for the next answer', async () => {
    let requests = 0;
    const site = await startRaw((socket) => {
      requests++;
      socket.write(requests === 1 ? htmlAnswer('first') + htmlAnswer('smuggled') : htmlAnswer('second'));
    });
    const fetcher = testFetcher();
    expect((await pageOf(fetcher.fetch(requestTo(site.origin)))).text()).toBe('first');
    expect((await pageOf(fetcher.fetch(requestTo(site.origin)))).text()).toBe('second');
  });
});

describe('header floods', () => {
  test('one endless header ends with too-large', async () => {
    const site = await startRaw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nX-Flood: ');
      const pour = (): void => {
        while (!socket.destroyed && socket.write('a'.repeat(16_384)));
      };
      socket.on('drain', pour);
      pour();
    });
    expect(await failureOf(testFetcher().fetch(requestTo(site.origin)))).toMatchObject({ code: 'too-large', next: 'never' });
  });

  test('a flood of small headers ends with too-large', async () => {
    const site = await startRaw((socket) => {
      const many = Array.from({ length: 300 }, (_, i) => `X-${i}: 1\r\n`).join('');
      socket.write(`HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 0\r\n${many}\r\n`);
    });
    const error = await failureOf(testFetcher().fetch(requestTo(site.origin)));
    expect(error.code).toBe('too-large');
    expect(error.message).toContain('302 header fields, 256 at most');
  });

  test('a flood of trailers ends with too-large', async () => {
    const site = await startRaw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n');
      const pour = (): void => {
        while (!socket.destroyed && socket.write(`X-Trailer: ${'a'.repeat(8_000)}\r\n`));
      };
      socket.on('drain', pour);
      pour();
    });
    expect(await failureOf(testFetcher().fetch(requestTo(site.origin)))).toMatchObject({ code: 'too-large' });
  });
});

describe('size', () => {
  test('a length over the limit is refused before the body comes', async () => {
    let sent = false;
    const site = await startRaw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1000001\r\n\r\n');
      socket.once('close', () => (sent = socket.bytesWritten > 200));
    });
    const error = await failureOf(testFetcher().fetch(requestTo(site.origin)));
    expect(error).toMatchObject({ code: 'too-large', next: 'never', status: 200 });
    expect(error.message).toContain('more than 1000000 bytes: Content-Length is 1000001');
    expect(sent).toBe(false);
  });

  test('an endless body is cut off at the limit', async () => {
    const site = await startRaw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n');
      const pour = (): void => {
        while (!socket.destroyed && socket.write('a'.repeat(65_536)));
      };
      socket.on('drain', pour);
      pour();
    });
    expect(await failureOf(testFetcher().fetch(requestTo(site.origin)))).toMatchObject({ code: 'too-large' });
  });

  test('a body of exactly the limit is a page', async () => {
    const site = await startSite((_request, response) => response.setHeader('content-type', 'text/html').end('a'.repeat(10_000)));
    const page = await pageOf(testFetcher().fetch(requestTo(site.origin, { maxBytes: 10_000 })));
    expect(page.body.length).toBe(10_000);
    expect(await failureOf(testFetcher().fetch(requestTo(site.origin, { maxBytes: 9_999 })))).toMatchObject({ code: 'too-large' });
  });
});
