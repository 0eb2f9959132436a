/** The web of the long run: many virtual hosts of one shape, known without asking any of them. */
export interface Shape {
  readonly hosts: number;
  /** Requests of each host: its list, and the pages that the list names. */
  readonly perHost: number;
}

/** One of 127.1.0.0/16: loopback, and a host of its own. */
export function addressOf(host: number): string {
  return `127.1.${Math.floor(host / 250)}.${1 + (host % 250)}`;
}

export interface Place {
  /** Number of the host. */
  readonly host: number;
  readonly path: string;
}

/** A page with its links, where it has moved to, or nothing. */
export type Answer = { readonly links: readonly Place[] } | { readonly movedTo: Place } | undefined;

/** What stands at a path of a host. Every page is linked from several others, some of them on other hosts. */
export function answerOf({ hosts, perHost }: Shape, { host, path }: Place): Answer {
  const next = (host + 1) % hosts;
  if (path === '/list') {
    const pages = Array.from({ length: perHost - 1 }, (_, i) => ({ host, path: `/${i + 1}` }));
    return { links: [...pages, { host: next, path }, { host: (host + 7) % hosts, path }] };
  }
  if (path.startsWith('/target/')) return { links: [{ host, path: '/list' }] };
  const n = Number(path.slice(1));
  if (!(n >= 1 && n < perHost) || isMissing(n)) return undefined;
  if (isMoved(n)) return { movedTo: { host: next, path: `/target${path}` } };
  const own = [
    { host, path: '/list' },
    { host, path: `/${1 + (n % (perHost - 1))}` },
  ];
  // Few of them: a link to another host is a batch of its own, which costs as much as a hundred pages.
  return { links: n % 200 === 1 ? [...own, { host: next, path }] : own };
}

/** One in a hundred is gone: an error line. */
export function isMissing(n: number): boolean {
  return n % 100 === 7;
}

/** One in a hundred has moved to the next host. */
function isMoved(n: number): boolean {
  return n % 100 === 3;
}
