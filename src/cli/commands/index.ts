import type { CommandModule } from '../cli.ts';

/** Every command of `rondo` by its name, in the order of its help. Loaded when asked for: most calls need one. */
const commands: Readonly<Record<string, () => Promise<CommandModule>>> = {
  init: async () => (await import('./init.ts')).initCommand,
  up: async () => (await import('./up.ts')).upCommand,
  demo: async () => (await import('./demo.ts')).demoCommand,
  doctor: async () => (await import('./doctor.ts')).doctorCommand,
  run: async () => (await import('./run.ts')).runCommand,
  runs: async () => (await import('./runs.ts')).runsCommand,
  logs: async () => (await import('./logs.ts')).logsCommand,
  cancel: async () => (await import('./cancel.ts')).cancelCommand,
  commits: async () => (await import('./commits.ts')).commitsCommand,
  commit: async () => (await import('./commits.ts')).commitCommand,
  deployments: async () => (await import('./commits.ts')).deploymentsCommand,
  data: async () => (await import('./data.ts')).dataCommand,
  schema: async () => (await import('./schema.ts')).schemaCommand,
  check: async () => (await import('./check.ts')).checkCommand,
  features: async () => (await import('./features.ts')).featuresCommand,
  label: async () => (await import('./label.ts')).labelCommand,
  models: async () => (await import('./models.ts')).modelsCommand,
  predict: async () => (await import('./predict.ts')).predictCommand,
  predictions: async () => (await import('./predictions.ts')).predictionsCommand,
  releases: async () => (await import('./releases.ts')).releasesCommand,
  rollback: async () => (await import('./rollback.ts')).rollbackCommand,
  monitors: async () => (await import('./monitors.ts')).monitorsCommand,
  alarms: async () => (await import('./alarms.ts')).alarmsCommand,
  triggers: async () => (await import('./triggers.ts')).triggersCommand,
  kpi: async () => (await import('./kpi.ts')).kpiCommand,
  maturity: async () => (await import('./maturity.ts')).maturityCommand,
  lineage: async () => (await import('./lineage.ts')).lineageCommand,
  audit: async () => (await import('./audit.ts')).auditCommand,
  backup: async () => (await import('./backup.ts')).backupCommand,
  restore: async () => (await import('./restore.ts')).restoreCommand,
  server: async () => (await import('./server.ts')).serverCommand,
  gateway: async () => (await import('./gateway.ts')).gatewayCommand,
};

/** The command of that name alone; every command when there is none of it, for help and suggestions. */
export async function loadCommands(name?: string): Promise<CommandModule[]> {
  const load = name !== undefined && Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (load) return [await load()];
  return Promise.all(Object.values(commands).map((one) => one()));
}
