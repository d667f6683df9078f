import type {
  MaturityRequirement,
  MaturityView,
} from '../../../src/contract/views/maturity-view.ts';
import { Icon } from '../components/icon.tsx';
import { StateWord, iconOf, toneOf } from '../components/state-word.tsx';

const NAMES = [
  'Level 0 · by hand',
  'Level 1 · training runs by itself',
  'Level 2 · code and pipeline deliver themselves',
];
const STATES = ['automatic', 'manual', 'insufficient', 'missing'] as const;

/** Three steps, each with one cell a requirement: the level stands on the highest step whose cells are all met. */
export function LevelLadder({ view }: { view: MaturityView }) {
  return (
    <div>
      <ol className="ladder" reversed>
        {[2, 1, 0].map((level) => {
          const asked = view.requirements.filter((one) => one.level === level);
          const here = view.level === level;
          return (
            <li key={level} className={here ? 'rung here' : 'rung'}>
              <div className="rung-name">
                {NAMES[level]}
                {here ? <span className="chip accent">you are here</span> : null}
              </div>
              {asked.length === 0 ? (
                <span className="muted">nothing is asked</span>
              ) : (
                <div className="rung-cells">
                  {asked.map((one) => (
                    <Cell key={one.id} requirement={one} />
                  ))}
                </div>
              )}
            </li>
          );
        })}
      </ol>
      <div className="chart-legend" style={{ marginTop: 8 }}>
        {STATES.map((state) => (
          <span key={state} className="legend-item">
            <StateWord state={state} />
            <b>{view.requirements.filter((one) => one.state === state).length}</b>
          </span>
        ))}
      </div>
    </div>
  );
}

function Cell({ requirement }: { requirement: MaturityRequirement }) {
  const { state, title, reason } = requirement;
  return (
    <span
      className={`rung-cell tone-${toneOf(state)}${state === 'insufficient' ? ' hatch' : ''}`}
      title={`${title}: ${reason}`}
      role="img"
      aria-label={`${title}: ${state}`}
    >
      <Icon name={iconOf(state)} size={12} />
    </span>
  );
}
