import { canonicalJson, type Json } from '../../src/base/json.ts';
import { sealEvents } from '../../src/events/seal-events.ts';
import type { TestContext } from './test-context.ts';

type Seeded = {
  eventId?: string;
  type: string;
  subject: { kind: string; id: string };
  atMs: number;
  actor?: string;
  data: { [key: string]: Json };
};

/** Events of what the tables tell, in order of time, sealed but for the newest: the record the audit screen reads. */
export async function seedEvents(ctx: TestContext): Promise<void> {
  const events = [
    ...(await eventsOfRuns(ctx)),
    ...(await eventsOfVersions(ctx)),
    ...(await eventsOfReleases(ctx)),
    ...(await eventsOfAlarms(ctx)),
    ...(await eventsOfData(ctx)),
    ...(await eventsOfCommits(ctx)),
  ].sort((left, right) => left.atMs - right.atMs);
  const rows = events.map((event, index) => ({
    event_id: event.eventId ?? `event_${String(index).padStart(6, '0')}`,
    type: event.type,
    subject_kind: event.subject.kind,
    subject_id: event.subject.id,
    at_ms: event.atMs,
    recorded_at_ms: event.atMs + 40,
    actor: event.actor ?? 'auto',
    data: canonicalJson(event.data),
  }));
  const late = rows.splice(-3);
  for (let at = 0; at < rows.length; at += 200)
    await ctx.db
      .insertInto('events')
      .values(rows.slice(at, at + 200))
      .execute();
  await sealEvents(ctx);
  await ctx.db.insertInto('events').values(late).execute();
}

async function eventsOfRuns(ctx: TestContext): Promise<Seeded[]> {
  const runs = await ctx.db.selectFrom('pipeline_runs').selectAll().execute();
  const steps = await ctx.db.selectFrom('step_runs').selectAll().execute();
  return runs.flatMap((run): Seeded[] => {
    const subject = { kind: 'run', id: run.run_id };
    const cause = JSON.parse(run.cause) as { [key: string]: Json };
    const own = steps.filter((step) => step.run_id === run.run_id);
    return [
      {
        type: 'run.started',
        subject,
        atMs: run.started_at_ms,
        data: {
          pipeline: run.pipeline,
          cause,
          steps: own.map((step) => step.step),
          commit: run.commit_sha,
        },
      },
      {
        type: 'run.pinned',
        subject,
        atMs: run.started_at_ms,
        data: { projectTree: `sha256:${'f'.repeat(64)}`, datasets: [] },
      },
      ...own
        .filter((step) => step.state === 'succeeded' || step.state === 'cached')
        .map((step): Seeded => ({
          type: 'step.committed',
          subject,
          atMs: step.ended_at_ms ?? run.started_at_ms,
          data: { run: run.run_id, step: step.step, attempt: 1, cached: step.state === 'cached' },
        })),
      ...(run.state === 'running'
        ? []
        : [
            {
              type: `run.${run.state}`,
              subject,
              atMs: run.ended_at_ms ?? run.started_at_ms,
              data: { pipeline: run.pipeline, cause, reason: run.reason, step: run.failed_step },
            },
          ]),
    ];
  });
}

async function eventsOfVersions(ctx: TestContext): Promise<Seeded[]> {
  const versions = await ctx.db.selectFrom('model_versions').selectAll().execute();
  const verdicts = await ctx.db.selectFrom('gate_verdicts').selectAll().execute();
  return [
    ...versions.flatMap((row): Seeded[] => [
      {
        type: 'model.version-registered',
        subject: { kind: 'model', id: row.model },
        atMs: row.created_at_ms,
        data: {
          model: row.model,
          version: row.version,
          digest: row.digest,
          runId: row.run_id,
          metrics: JSON.parse(row.metrics) as Json,
        },
      },
      ...(row.state === 'refused'
        ? [
            {
              type: 'candidate.refused',
              subject: { kind: 'model', id: row.model },
              atMs: row.changed_at_ms,
              data: { model: row.model, version: row.version, reasons: [row.reason] },
            },
          ]
        : []),
    ]),
    ...verdicts.map((row): Seeded => ({
      eventId: row.event_id,
      type: 'gate.evaluated',
      subject: { kind: 'model', id: row.model },
      atMs: row.at_ms,
      data: {
        model: row.model,
        version: row.version,
        gate: row.kind,
        position: row.position,
        outcome: row.outcome,
        reason: row.reason,
        evidence: JSON.parse(row.evidence) as Json,
      },
    })),
  ];
}

async function eventsOfReleases(ctx: TestContext): Promise<Seeded[]> {
  const releases = await ctx.db.selectFrom('releases').selectAll().execute();
  const decisions = await ctx.db.selectFrom('release_decisions').selectAll().execute();
  return [
    ...releases.flatMap((row): Seeded[] => {
      const data = {
        release: row.release_id,
        endpoint: row.endpoint,
        model: row.model,
        version: row.version,
        reason: row.reason,
      };
      const subject = { kind: 'release', id: row.release_id };
      return [
        {
          type: 'release.started',
          subject,
          atMs: row.created_at_ms,
          data: { ...data, champion: row.champion, stage: 'shadow', share: 0 },
        },
        ...(row.ended_at_ms === null
          ? []
          : [
              {
                type: `release.${row.state}`,
                subject,
                atMs: row.ended_at_ms,
                actor: row.state === 'rolled-back' ? 'human' : 'auto',
                data: { ...data, previous: row.champion },
              },
            ]),
      ];
    }),
    ...decisions.map((row): Seeded => ({
      eventId: row.event_id,
      type: 'release.observed',
      subject: { kind: 'release', id: row.release_id },
      atMs: row.at_ms,
      data: {
        release: row.release_id,
        sequence: row.sequence,
        decision: { kind: row.decision },
        reason: row.reason,
      },
    })),
  ];
}

async function eventsOfAlarms(ctx: TestContext): Promise<Seeded[]> {
  const alarms = await ctx.db.selectFrom('alarms').selectAll().execute();
  const firings = await ctx.db.selectFrom('trigger_firings').selectAll().execute();
  return [
    ...alarms.flatMap((row): Seeded[] => {
      const data = {
        alarm: row.alarm_id,
        endpoint: row.endpoint,
        model: row.model,
        version: row.version,
        monitor: row.monitor,
        kind: row.kind,
        sentence: row.sentence,
      };
      const subject = { kind: 'alarm', id: row.alarm_id };
      return [
        { eventId: row.opened_event, type: 'alarm.opened', subject, atMs: row.opened_ms, data },
        ...(row.closed_ms === null
          ? []
          : [
              {
                type: 'alarm.closed',
                subject,
                atMs: row.closed_ms,
                data: { ...data, reason: row.closed_reason },
              },
            ]),
      ];
    }),
    ...firings.map((row): Seeded => ({
      type: row.state === 'skipped' ? 'trigger.skipped' : 'trigger.fired',
      subject: { kind: 'trigger', id: row.trigger },
      atMs: row.created_ms,
      data: {
        trigger: row.trigger,
        pipeline: row.pipeline,
        kind: row.kind,
        reason: row.reason,
        run: row.run_id,
        eventId: row.event_id,
      },
    })),
  ];
}

async function eventsOfData(ctx: TestContext): Promise<Seeded[]> {
  const versions = await ctx.db.selectFrom('dataset_versions').selectAll().execute();
  return versions.flatMap((row): Seeded[] => [
    {
      eventId: `event_data_${row.number}`,
      type: 'dataset.version-created',
      subject: { kind: 'dataset', id: row.dataset },
      atMs: row.created_at_ms,
      data: {
        dataset: row.dataset,
        number: row.number,
        digest: row.digest,
        rows: row.rows,
        newRows: row.new_rows,
        state: row.state,
      },
    },
    {
      type: 'validation.recorded',
      subject: { kind: 'validation', id: `validation_${row.number}` },
      atMs: row.created_at_ms,
      data: {
        validation: `validation_${row.number}`,
        dataset: row.dataset,
        subject: { kind: 'version', id: String(row.number), digest: row.digest },
        passed: row.state === 'valid',
        total: 17,
        failures: [],
      },
    },
  ]);
}

async function eventsOfCommits(ctx: TestContext): Promise<Seeded[]> {
  const commits = await ctx.db.selectFrom('commits').selectAll().execute();
  const checks = await ctx.db.selectFrom('commit_checks').selectAll().execute();
  const deployments = await ctx.db.selectFrom('deployments').selectAll().execute();
  return [
    ...commits.flatMap((row): Seeded[] => {
      const subject = { kind: 'commit', id: row.sha };
      return [
        {
          type: 'commit.seen',
          subject,
          atMs: row.seen_ms,
          data: { sha: row.sha, branch: row.branch, subject: row.subject, author: row.author },
        },
        ...(row.started_ms === null
          ? []
          : [{ type: 'ci.started', subject, atMs: row.started_ms, data: { sha: row.sha } }]),
        ...(row.finished_ms === null
          ? []
          : [
              {
                type: 'ci.finished',
                subject,
                atMs: row.finished_ms,
                data: {
                  sha: row.sha,
                  state: row.state === 'failed' ? 'failed' : 'passed',
                  durationMs: row.duration_ms,
                  checks: checks
                    .filter((check) => check.sha === row.sha)
                    .map(({ kind, name, state }) => ({ kind, name, state })),
                },
              },
            ]),
        ...(row.bundle === null || row.finished_ms === null
          ? []
          : [
              {
                type: 'bundle.built',
                subject,
                atMs: row.finished_ms,
                data: { sha: row.sha, digest: row.bundle },
              },
            ]),
      ];
    }),
    ...deployments.map((row): Seeded => ({
      type: 'pipeline.deployed',
      subject: { kind: 'commit', id: row.sha },
      atMs: row.at_ms,
      actor: row.actor,
      data: {
        sha: row.sha,
        bundle: row.bundle,
        pipelines: JSON.parse(row.pipelines) as Json,
        actor: row.actor,
      },
    })),
  ];
}
