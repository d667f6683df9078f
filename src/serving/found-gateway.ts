import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../base/app-error.ts';
import { gatewayClient, type GatewayClient } from './gateway-client.ts';

/**
 * The client of the gateway that works in a data directory, wherever it listens now: a restarted gateway may have
 * another port, which it writes to `address`.
 */
export function foundGateway(gatewayDir: string): GatewayClient {
  let known: GatewayClient | undefined;
  const find = async (): Promise<GatewayClient> => {
    const address = await readFile(join(gatewayDir, 'address'), 'utf8').catch((error: unknown) => {
      throw new AppError('GATEWAY_UNREACHABLE', 'The gateway has not started yet.', {
        cause: error,
      });
    });
    if (known?.address !== address.trim()) {
      known = gatewayClient({ address: address.trim(), tokenFile: join(gatewayDir, 'token') });
    }
    return known;
  };
  return {
    get address() {
      return known?.address ?? '';
    },
    state: async () => (await find()).state(),
    putRoutes: async (table) => (await find()).putRoutes(table),
    pushFeatures: async (push) => (await find()).pushFeatures(push),
    setCalendar: async (window) => (await find()).setCalendar(window),
    rollBack: async (release, reason) => (await find()).rollBack(release, reason),
    flush: async () => (await find()).flush(),
    scoreRows: async (order) => (await find()).scoreRows(order),
  };
}
