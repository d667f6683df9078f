import { backupCommand } from './backup.ts';
import { restoreCommand } from './restore.ts';
import type { CommandModule } from '../cli.ts';
import { auditCommand } from './audit.ts';
import { cancelCommand } from './cancel.ts';
import { commitCommand, commitsCommand, deploymentsCommand } from './commits.ts';
import { schemaCommand } from './schema.ts';
import { dataCommand } from './data.ts';
import { checkCommand } from './check.ts';
import { demoCommand } from './demo.ts';
import { doctorCommand } from './doctor.ts';
import { featuresCommand } from './features.ts';
import { gatewayCommand } from './gateway.ts';
import { initCommand } from './init.ts';
import { logsCommand } from './logs.ts';
import { alarmsCommand } from './alarms.ts';
import { kpiCommand } from './kpi.ts';
import { lineageCommand } from './lineage.ts';
import { maturityCommand } from './maturity.ts';
import { monitorsCommand } from './monitors.ts';
import { triggersCommand } from './triggers.ts';
import { runCommand } from './run.ts';
import { runsCommand } from './runs.ts';
import { serverCommand } from './server.ts';
import { upCommand } from './up.ts';
import { labelCommand } from './label.ts';
import { modelsCommand } from './models.ts';
import { predictCommand } from './predict.ts';
import { predictionsCommand } from './predictions.ts';
import { releasesCommand } from './releases.ts';
import { rollbackCommand } from './rollback.ts';

/** Every command of `rondo`, in the order of its help. */
export const commands: readonly CommandModule[] = [
  initCommand,
  upCommand,
  demoCommand,
  doctorCommand,
  runCommand,
  runsCommand,
  logsCommand,
  cancelCommand,
  commitsCommand,
  commitCommand,
  deploymentsCommand,
  dataCommand,
  schemaCommand,
  checkCommand,
  featuresCommand,
  labelCommand,
  modelsCommand,
  predictCommand,
  predictionsCommand,
  releasesCommand,
  rollbackCommand,
  monitorsCommand,
  alarmsCommand,
  triggersCommand,
  kpiCommand,
  maturityCommand,
  lineageCommand,
  auditCommand,
  backupCommand,
  restoreCommand,
  serverCommand,
  gatewayCommand,
];
