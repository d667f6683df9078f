import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/**
 * A proxy before a database that cuts its connections. `beforeRequest` cuts when a client's bytes hold a text, before
 * the server sees them; `beforeAnswer` lets them through and cuts when the server answers.
 */
export type CuttingProxy = AsyncDisposable & {
  url: URL;
  /** Cuts the connection whose bytes hold `text` next; `times` connections, one after another. */
  cut(kind: 'beforeRequest' | 'beforeAnswer', text: string, times?: number): void;
  /** How many connections were cut. */
  cuts(): number;
  /** Cuts all connections and takes none until `open` is called. */
  shut(): void;
  open(): void;
};

export async function startCuttingProxy(target: URL): Promise<CuttingProxy> {
  let plan: { kind: 'beforeRequest' | 'beforeAnswer'; text: string; left: number } | undefined;
  let cuts = 0;
  let closed = false;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    let doomed = false;
    const end = (): void => {
      client.destroy();
      upstream.destroy();
    };
    const cut = (): void => {
      cuts += 1;
      end();
    };
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', end);
      socket.on('close', () => {
        sockets.delete(socket);
        end();
      });
    }
    if (closed) end();
    client.on('data', (bytes: Buffer) => {
      if (plan && plan.left > 0 && bytes.includes(plan.text)) {
        plan.left -= 1;
        if (plan.kind === 'beforeRequest') {
          cut();
          return;
        }
        doomed = true;
      }
      upstream.write(bytes);
    });
    upstream.on('data', (bytes: Buffer) => {
      if (doomed) cut();
      else client.write(bytes);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(target);
  url.port = String((server.address() as AddressInfo).port);
  return {
    url,
    cut(kind, text, times = 1) {
      plan = { kind, text, left: times };
    },
    cuts: () => cuts,
    shut() {
      closed = true;
      for (const socket of sockets) socket.destroy();
    },
    open() {
      closed = false;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
