import { createReadStream, existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { AppError } from '../../base/app-error.ts';
import { readConfig, type ConfigFlags } from '../../config/config.ts';
import { lockDataDir } from '../../system/lock-data-dir.ts';
import type { CommandModule } from '../cli.ts';
import { hidePassword } from '../hide-password.ts';
import { megabytes } from './backup.ts';

export const restoreCommand: CommandModule = (program, cli) => {
  program
    .command('restore <file>')
    .description(
      'fill a new data directory and an empty database from a backup, and check the result',
    )
    .option('--dir <project>', 'folder with rondo.yaml (RONDO_DIR), default: this one')
    .option('--data <dir>', 'data directory (RONDO_DATA), default: .rondo in the project')
    .option('--database <url>', 'database (RONDO_DATABASE), default: SQLite in the data directory')
    .action(async (name: string, flags: ConfigFlags) => {
      hidePassword(flags.database);
      const file = resolve(name);
      if (!existsSync(file)) throw new AppError('NOT_FOUND', `There is no file ${file}.`);
      const config = readConfig(flags, process.env);
      const { restoreBackup } = await import('../../backup/restore-backup.ts');
      const { databaseUrl } = await import('../../storage/database/database-url.ts');
      await mkdir(config.dataDir, { recursive: true });
      const lock = lockDataDir(config.dataDir);
      try {
        let [rows, blobs, bytes] = [0, 0, 0];
        let toldMs = performance.now();
        const restored = await restoreBackup(createReadStream(file, { highWaterMark: 1 << 20 }), {
          database: databaseUrl(config.database, config.dataDir),
          dataDir: config.dataDir,
          progress(done) {
            rows += done.rows ?? 0;
            blobs += done.blobs ?? 0;
            bytes += done.bytes ?? 0;
            if (performance.now() - toldMs < 2000) return;
            toldMs = performance.now();
            cli.say(`${rows} rows, ${blobs} blobs (${megabytes(bytes)})`);
          },
        });
        cli.result(
          {
            dataDir: config.dataDir,
            createdAtMs: restored.head.createdAtMs,
            rows,
            blobs,
            bytes,
            sealed: restored.sealed,
            migrated: restored.migrated,
          },
          (value) =>
            `Restored to ${value.dataDir}: ${value.rows} rows, ${value.blobs} blobs (${megabytes(value.bytes)}), all counted and hashed; the chain of ${value.sealed} events is intact.`,
        );
      } finally {
        lock.release();
      }
    });
};
