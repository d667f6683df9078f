import type { MaturityTest, MaturityView } from '../../../src/contract/views/maturity-view.ts';
import { EvidenceLinks } from './evidence-links.tsx';
import { Panel } from './page.tsx';
import { StateWord } from './state-word.tsx';
import { formatNumber } from '../format.ts';

type Score = MaturityView['testScore'];

const SECTIONS = [
  { key: 'data', title: 'Data' },
  { key: 'model', title: 'Model' },
  { key: 'infrastructure', title: 'Infrastructure' },
  { key: 'monitoring', title: 'Monitoring' },
] as const;

/** The 28 tests in their four columns. The least of the four sums is the score, so the least column is marked. */
export function TestScore({ score }: { score: Score }) {
  const sums = SECTIONS.map(({ key }) => score.sections[key]);
  const even = Math.max(...sums) === score.total;
  return (
    <Panel
      title="ML test score"
      note="28 tests; a test done by hand counts half; the least of the four sums is the score (Breck et al. 2017)"
    >
      <p className="score-line">
        <b>{formatNumber(score.total)}</b> {score.band} <span className="muted">= min(</span>
        {SECTIONS.map(({ key, title }, index) => (
          <span key={key}>
            {index > 0 ? <span className="muted">, </span> : null}
            <span className={!even && score.sections[key] === score.total ? 'least' : 'muted'}>
              {title} {formatNumber(score.sections[key])}
            </span>
          </span>
        ))}
        <span className="muted">)</span>
      </p>
      <div className="score-columns">
        {SECTIONS.map(({ key, title }) => (
          <Column
            key={key}
            title={title}
            sum={score.sections[key]}
            least={!even && score.sections[key] === score.total}
            tests={score.tests.filter((test) => test.section === key)}
          />
        ))}
      </div>
    </Panel>
  );
}

function Column({
  title,
  sum,
  least,
  tests,
}: {
  title: string;
  sum: number;
  least: boolean;
  tests: readonly MaturityTest[];
}) {
  return (
    <section className={least ? 'score-column least-column' : 'score-column'} aria-label={title}>
      <h3>
        {title}
        <span className="score-sum">
          {formatNumber(sum)} <span className="muted">of {tests.length}</span>
        </span>
      </h3>
      <div className="score-bar" aria-hidden="true">
        <span style={{ width: `${(sum / Math.max(1, tests.length)) * 100}%` }} />
      </div>
      {least ? <p className="least">the least counts: begin here</p> : null}
      {tests.map((test) => (
        <details key={test.id} className="score-test">
          <summary>
            <StateWord
              state={test.score === 1 ? 'automatic' : test.score === 0.5 ? 'manual' : 'missing'}
              word={test.id}
            />
            <span>{test.title}</span>
          </summary>
          <p className="muted">{test.reason}</p>
          <EvidenceLinks ids={test.evidence} what={test.title} />
        </details>
      ))}
    </section>
  );
}
