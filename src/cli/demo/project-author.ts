import type { DemoServer } from './demo-server.ts';
import { IMPROVEMENT, LEAKING_FEATURE } from './commit-edits.ts';
import { dayIndex, FAULT_PLAN, parameterEdit, readEvents, type FaultKind } from './faults.ts';
import { HOUR_MS } from './flights-source.ts';
import { commitEdits, revertCommit } from './project-commits.ts';

/** A Wednesday weeks before the failing model: of several commits at once the server takes the newest, and its model is to be judged alone. */
const IMPROVED_MS = Date.UTC(2001, 2, 14, 12);
const PARAMETER = 'holiday_table_days';

/** The demo's developer: changes the project by commits, and takes back what Rondo refused. */
export class ProjectAuthor {
  readonly #server: DemoServer;
  readonly #projectDir: string;
  readonly #faults: ReadonlySet<FaultKind>;
  #isFailingPlanted = false;
  #leakingSha: string | null = null;
  #isReverted = false;
  #refusedAfter = 0;

  constructor(of: { server: DemoServer; projectDir: string; faults: ReadonlySet<FaultKind> }) {
    this.#server = of.server;
    this.#projectDir = of.projectDir;
    this.#faults = of.faults;
  }

  /** The commit that looks into the future, when it was made. */
  get leakingSha(): string | null {
    return this.#leakingSha;
  }

  /** What the author does in the hour that begins now. */
  async work(hourMs: number): Promise<void> {
    if (hourMs === IMPROVED_MS) {
      await this.#commit(IMPROVEMENT, 'Both airports late together: their product joins', hourMs);
    }
    if (this.#faults.has('failing-model')) await this.#failingModel(hourMs);
    if (this.#faults.has('leaking-feature')) await this.#leakingFeature(hourMs);
  }

  async #commit(
    edits: Parameters<typeof commitEdits>[1],
    subject: string,
    atMs: number,
  ): Promise<string> {
    return commitEdits(this.#projectDir, edits, { subject, atMs });
  }

  /**
   * From its Monday on, each week's training carries a holiday table that ends two days later, until a release of such
   * a model was withdrawn; then the parameter is set back.
   */
  async #failingModel(hourMs: number): Promise<void> {
    if (hourMs < FAULT_PLAN.failingFromMs) return;
    const at = new Date(hourMs);
    const isFirstWeek = hourMs < FAULT_PLAN.failingFromMs + 24 * HOUR_MS;
    if (this.#isFailingPlanted && at.getUTCHours() === 0) {
      const events = await readEvents(this.#server.api, ['release.rolled-back']);
      if (events.some((event) => event.atMs > FAULT_PLAN.failingFromMs)) {
        await this.#setParameter(730, 'The holiday table reaches two years again', hourMs);
        this.#isFailingPlanted = false;
        return;
      }
    }
    if (at.getUTCDay() !== 1 || at.getUTCHours() !== 5) return;
    if (!this.#isFailingPlanted && !isFirstWeek) return;
    await this.#setParameter(dayIndex(hourMs) + 3, 'A smaller holiday table', hourMs);
    this.#isFailingPlanted = true;
  }

  async #setParameter(value: number, subject: string, atMs: number): Promise<void> {
    const edit = await parameterEdit(this.#projectDir, PARAMETER, value);
    await this.#commit([edit], subject, atMs);
  }

  /** Once a model of the leaking commit was refused, the commit is reverted. */
  async #leakingFeature(hourMs: number): Promise<void> {
    if (hourMs < FAULT_PLAN.leakingMs || this.#isReverted) return;
    if (hourMs === FAULT_PLAN.leakingMs) {
      const subject = 'A flight counts for the share of late ones as soon as it lands';
      this.#leakingSha = await this.#commit(LEAKING_FEATURE, subject, hourMs);
      return;
    }
    if (this.#leakingSha === null) return;
    const refused = await readEvents(this.#server.api, ['candidate.refused'], this.#refusedAfter);
    this.#refusedAfter = refused.at(-1)?.position ?? this.#refusedAfter;
    if (!refused.some((event) => event.atMs >= FAULT_PLAN.leakingMs)) return;
    await revertCommit(this.#projectDir, this.#leakingSha, hourMs);
    this.#isReverted = true;
  }
}
