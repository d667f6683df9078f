import type { CommitRecords, StationRecord } from '../../../src/contract/views/commits-view.ts';
import { EvidenceLinks } from './evidence-links.tsx';
import { Go } from './go.tsx';
import { Icon, type IconName } from './icon.tsx';
import { StateWord, toneOf } from './state-word.tsx';
import { Duration, TimeAgo } from './time-ago.tsx';

const STATIONS: readonly { key: keyof CommitRecords; title: string; icon: IconName }[] = [
  { key: 'source', title: 'Source', icon: 'commits' },
  { key: 'ci', title: 'Tests', icon: 'check' },
  { key: 'deployment', title: 'Deployment', icon: 'up' },
  { key: 'training', title: 'Training', icon: 'runs' },
  { key: 'service', title: 'Service', icon: 'endpoints' },
  { key: 'monitoring', title: 'Monitoring', icon: 'monitors' },
];

/** The road of a commit: six stations from source to monitoring, each with its outcome, its time and what it made. */
export function CommitRoad({ records }: { records: CommitRecords }) {
  return (
    <ol className="road" aria-label="The road of this commit">
      {STATIONS.map(({ key, title, icon }, index) => {
        const station = records[key];
        const before = STATIONS[index - 1];
        return (
          <li key={key} className={`road-station tone-${toneOf(station.state)}`}>
            {before ? (
              <span
                className={
                  station.state === 'waiting' ? 'road-line waiting' : `road-line ${station.state}`
                }
                aria-hidden="true"
              />
            ) : null}
            <span className={station.state === 'running' ? 'road-disc running' : 'road-disc'}>
              <Icon name={icon} size={18} />
            </span>
            <div className="road-text">
              <h3>{title}</h3>
              <StateWord state={station.state} />
              <Took station={station} />
              <p>{station.summary}</p>
              {station.links.map((link) => (
                <Go key={`${link.to} ${link.label}`} to={link.to} className="link road-link">
                  {link.label}
                </Go>
              ))}
              {station.eventIds.length > 0 ? (
                <EvidenceLinks ids={station.eventIds} what={title} />
              ) : null}
            </div>
          </li>
        );
      })}
    </ol>
  );
}

function Took({ station }: { station: StationRecord }) {
  if (station.atMs === null) return <p className="muted">not reached</p>;
  return (
    <p className="muted">
      <TimeAgo atMs={station.atMs} />
      {station.durationMs === null || station.durationMs === 0 ? null : (
        <>
          {' '}
          · took <Duration ms={station.durationMs} />
        </>
      )}
    </p>
  );
}
