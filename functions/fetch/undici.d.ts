/**
 * The parts of undici that a crawler needs, each from its own file: the package's entry point also loads `fetch()`, caches, WebSocket and
 * mocks, which takes as long again as all of `functions/fetch` in every thread and at every cold start. Types are the package's; but the methods of
 * its API (`request`, `connect` …) are put onto the classes by the entry point.
 */
declare module 'undici/lib/dispatcher/agent.js' {
  export { Agent as default } from 'undici';
}
declare module 'undici/lib/dispatcher/client.js' {
  export { Client as default } from 'undici';
}
declare module 'undici/lib/dispatcher/pool.js' {
  export { Pool as default } from 'undici';
}
declare module 'undici/lib/api/api-connect.js' {
  import type { Dispatcher } from 'undici';
  export default function connect(this: Dispatcher, options: Omit<Dispatcher.ConnectOptions, 'origin'>): Promise<Dispatcher.ConnectData>;
}
declare module 'undici/lib/core/connect.js' {
  export { buildConnector as default } from 'undici';
}
declare module 'undici/lib/web/cookies/parse.js' {
  import type { Cookie } from 'undici';
  export function parseSetCookie(header: string): Cookie | null;
}
