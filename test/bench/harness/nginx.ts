import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packages } from './corpus.ts';
import { freePort, whenListening } from './ports.ts';

/** A web server on loopback. */
export interface Site extends AsyncDisposable {
  readonly url: string;
  /** What serves it, for the report. */
  readonly name: string;
}

/**
 * Serves the corpus with Debian's nginx, one worker process.
 *
 * @param folder - for its configuration and temporary files.
 * @throws {Error} naming what to install where there is no nginx.
 */
export async function startNginx(folder: string): Promise<Site> {
  const { stderr, error } = spawnSync('nginx', ['-v'], { encoding: 'utf8' });
  if (error) throw new Error('The benchmark serves its pages with nginx. On Debian: apt-get install nginx-light', { cause: error });
  const port = await freePort();
  const config = join(folder, 'nginx.conf');
  writeFileSync(config, configuration(folder, port));
  const server = spawn('nginx', ['-c', config, '-e', 'stderr'], { stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = once(server, 'exit');
  await Promise.race([whenListening(port), ended.then(() => Promise.reject(new Error('nginx ended before it listened.')))]);
  return {
    url: `http://127.0.0.1:${port}`,
    name: stderr.trim().replace(/^.*: /, ''),
    async [Symbol.asyncDispose]() {
      server.kill();
      await ended;
    },
  };
}

function configuration(folder: string, port: number): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${folder}/${kind};`);
  const locations = Object.entries(packages).map(([name, path]) => `location /${name}/ { alias ${path}/; }`);
  return `
    worker_processes 1;
    daemon off;
    pid ${folder}/nginx.pid;
    worker_rlimit_nofile 20000;
    events { worker_connections 15000; }
    http {
      ${temporary.join('\n')}
      access_log off;
      types { text/html html; }
      default_type text/plain;
      sendfile on;
      tcp_nopush on;
      keepalive_requests 1000000;
      open_file_cache max=20000;
      server {
        listen 127.0.0.1:${port} backlog=4096;
        location = /robots.txt { return 200 "User-agent: *\\nAllow: /\\n"; }
        ${locations.join('\n')}
      }
    }`;
}
