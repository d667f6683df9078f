import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { AppError } from '../../base/app-error.ts';
import { readConfig, type ConfigFlags } from '../../config/config.ts';
import { packageVersion } from '../../system/package-version.ts';
import type { CommandModule, ProgressBar } from '../cli.ts';
import { hidePassword } from '../hide-password.ts';

type Flags = Pick<ConfigFlags, 'dir' | 'data' | 'database'>;

export const backupCommand: CommandModule = (program, cli) => {
  program
    .command('backup <file>')
    .description('write database, blobs and logs into one tar file; the server goes on meanwhile')
    .option('--dir <project>', 'without a server: from the data directory of this project')
    .option('--data <dir>', 'without a server: from this data directory')
    .option('--database <url>', 'without a server: from this database (RONDO_DATABASE)')
    .action(async (name: string, flags: Flags) => {
      hidePassword(flags.database);
      const file = resolve(name);
      if (existsSync(file)) throw new AppError('BACKUP_EXISTS', `${file} is there already.`);
      const source = (flags.dir ?? flags.data ?? flags.database) ? fromDisk(flags) : fromServer();
      const { writeBackupFile } = await import('../../backup/write-backup-file.ts');
      let bar: ProgressBar | undefined;
      const { head, manifest, bytes } = await writeBackupFile(file, await source, {
        start(expected) {
          bar = cli.progress('backup', expected.rows + expected.blobBytes);
        },
        advance: (by) => bar?.advance(by),
      });
      bar?.stop('backup written and read back');
      const rows = head.tables.reduce((sum, table) => sum + table.rows, 0);
      cli.result(
        {
          file,
          bytes,
          createdAtMs: head.createdAtMs,
          tables: head.tables.length,
          rows,
          blobs: manifest.blobs.count,
          chain: manifest.chain,
        },
        (value) =>
          `${value.file}: ${megabytes(value.bytes)}, ${value.rows} rows of ${value.tables} tables, ${value.blobs} blobs`,
      );
    });

  const fromServer = async (): Promise<AsyncIterable<Uint8Array>> => {
    const { body } = await cli.api().stream('/api/backup');
    if (!body) throw new AppError('BACKUP_INVALID', 'The server sent nothing.');
    return body;
  };
  const fromDisk = async (flags: Flags): Promise<AsyncIterable<Uint8Array>> => {
    const { createBackup } = await import('../../backup/create-backup.ts');
    const { openBackupSource } = await import('../../backup/open-backup-source.ts');
    return createBackup(await openBackupSource(readConfig(flags, process.env), packageVersion()));
  };
};

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
