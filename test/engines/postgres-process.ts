import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';

// A PostgreSQL server that lives as long as the process that forked this one: FOLDER of its programs.
const [native = ''] = process.argv.slice(2);
const USER = 'rondo';
const PASSWORD = 'p@ss:word/1';

const folder = mkdtempSync(join(tmpdir(), 'rondo-postgres-data-'));
const data = join(folder, 'data');
mkdirSync(data);
const passwordFile = join(folder, 'password');
writeFileSync(passwordFile, PASSWORD);
const identity = unprivileged();
if (identity) {
  chmodSync(folder, 0o755);
  for (const path of [data, passwordFile]) chownSync(path, identity.uid, identity.gid);
}

// A locale that sorts otherwise than bytes: a store that forgets about it is found out.
execFileSync(
  join(native, 'bin', 'initdb'),
  // oxfmt-ignore
  [
    '-D', data, '-U', USER, '--pwfile', passwordFile, '--auth', 'scram-sha-256', '--no-sync',
    '--encoding', 'UTF8', '--locale', 'C', '--locale-provider', 'icu', '--icu-locale', 'en',
  ],
  { stdio: ['ignore', 'ignore', 'inherit'], ...identity },
);
const port = await freePort();
const settings = {
  listen_addresses: '127.0.0.1',
  port: String(port),
  unix_socket_directories: '',
  max_connections: '300',
  fsync: 'off',
  full_page_writes: 'off',
  shared_buffers: '64MB',
  log_min_messages: 'panic',
};
const server = spawn(
  join(native, 'bin', 'postgres'),
  ['-D', data, ...Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`])],
  { stdio: 'ignore', ...identity },
);
server.on('exit', () => {
  rmSync(folder, { recursive: true, force: true });
  process.exit(0);
});
process.on('disconnect', () => server.kill('SIGQUIT'));
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => server.kill('SIGQUIT'));

const url = `postgres://${USER}:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/postgres`;
await untilAnswering(url);
process.send?.({ url });

function unprivileged(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = (flag: string): number =>
    Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }));
  return { uid: idOf('-u'), gid: idOf('-g') };
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port: free } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return free;
}

async function untilAnswering(connectionString: string): Promise<void> {
  const until = performance.now() + 20_000;
  for (;;) {
    const client = new pg.Client({ connectionString });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      if (performance.now() > until) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
