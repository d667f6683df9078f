import { Select } from '@mantine/core';
import { getRouteApi } from '@tanstack/react-router';
import type { DatasetVersionView } from '../../../src/contract/views/datasets-view.ts';
import { useView } from '../api/use-view.ts';
import { ProfileCard } from '../charts/profile-card.tsx';
import { Go } from '../components/go.tsx';
import { LineageLink } from '../components/lineage-link.tsx';
import { CopyLine, Loaded, Page, Panel, VerdictCard } from '../components/page.tsx';
import { StateWord } from '../components/state-word.tsx';
import { formatNumber } from '../format.ts';

const route = getRouteApi('/datasets/$dataset/$version');

export function DatasetVersionScreen() {
  const { dataset, version } = route.useParams();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const view = useView<DatasetVersionView>(
    `/api/views/datasets/${dataset}/versions/${version}`,
    search,
  );
  return (
    <Page
      title={`${dataset} version ${version}`}
      question="What is in it, and what changed?"
      crumbs={
        <>
          <Go to="/datasets">Datasets</Go> / <Go to={`/datasets/${dataset}`}>{dataset}</Go>
        </>
      }
      actions={
        <>
          <LineageLink kind="dataset-version" id={`${dataset}@${version}`} />
          <Select
            aria-label="Compare with version"
            placeholder="Compare with …"
            data={(view.data?.versions ?? [])
              .filter((number) => String(number) !== version)
              .map((number) => ({ value: String(number), label: `version ${number}` }))}
            value={search.compare ?? null}
            onChange={(value) =>
              void navigate({ search: value === null ? {} : { compare: value } })
            }
            clearable
            searchable
            w={170}
          />
        </>
      }
    >
      <Loaded view={view}>
        {(data) => (
          <>
            <VerdictCard state={<StateWord state={data.item.state} />}>{data.sentence}</VerdictCard>
            {data.compared ? <Difference compared={data.compared} rows={data.item.rows} /> : null}
            <Panel
              title="Columns"
              note={
                data.compared
                  ? `this version, and version ${data.compared.item.number} beside it`
                  : `${data.columns.length}`
              }
            >
              <div className="profile">
                {data.columns.map((column) => (
                  <ProfileCard
                    key={column.name}
                    column={column}
                    other={data.compared?.columns.find((one) => one.name === column.name)}
                  />
                ))}
              </div>
            </Panel>
            <Panel
              title="Checks"
              note={
                data.checks.length === 0
                  ? ''
                  : `${data.checks.filter((check) => check.state === 'passed').length} of ${data.checks.length} hold`
              }
              flush
            >
              {data.checks.length === 0 ? (
                <div className="pad">
                  <p className="muted" style={{ marginBottom: 8 }}>
                    No suite has been held against this version.
                  </p>
                  <CopyLine line={`npx rondo check ${dataset}`} />
                </div>
              ) : (
                data.checks.map((check, index) => <Check key={index} check={check} />)
              )}
            </Panel>
            {data.anomalies.length > 0 ? (
              <Panel title="Broken schema" note="with the change that would accept it" flush>
                <ul className="statements">
                  {data.anomalies.map((anomaly) => (
                    <li
                      key={`${anomaly.path} ${anomaly.text}`}
                      style={{ gridTemplateColumns: 'minmax(0, 1fr)' }}
                    >
                      <span>
                        {anomaly.path ? <code>{anomaly.path} </code> : null}
                        {anomaly.text}
                        {anomaly.proposal ? (
                          <pre className="snippet">{anomaly.proposal}</pre>
                        ) : null}
                      </span>
                    </li>
                  ))}
                </ul>
              </Panel>
            ) : null}
            <Panel title="Schema" flush>
              <table className="table">
                <thead>
                  <tr>
                    <th scope="col">Column</th>
                    <th scope="col">Type</th>
                  </tr>
                </thead>
                <tbody>
                  {data.schema.map((column) => (
                    <tr key={column.name}>
                      <td>{column.name}</td>
                      <td className="muted">{column.type}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </Panel>
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Check({ check }: { check: DatasetVersionView['checks'][number] }) {
  return (
    <details className="gate">
      <summary>
        <StateWord state={check.state} />
        <span>
          {check.name}
          <span className="muted">
            {' '}
            · found {check.observed}, expected {check.expected}
            {check.unexpected === null || check.unexpected === 0
              ? ''
              : `, ${formatNumber(check.unexpected)} rows break it`}
          </span>
        </span>
      </summary>
      {check.failingRows.length === 0 ? (
        <p className="muted pad">No row breaks it.</p>
      ) : (
        <pre className="snippet">
          {check.failingRows.map((row) => JSON.stringify(row)).join('\n')}
        </pre>
      )}
    </details>
  );
}

function Difference({
  compared,
  rows,
}: {
  compared: NonNullable<DatasetVersionView['compared']>;
  rows: number;
}) {
  const shifts = [...compared.shifts].sort((left, right) => (right.psi ?? -1) - (left.psi ?? -1));
  return (
    <Panel
      title={`Against version ${compared.item.number}`}
      note={`${formatNumber(rows - compared.item.rows)} more rows; files: ${compared.files.added} added, ${compared.files.removed} removed, ${compared.files.changed} changed${compared.schema.length > 0 ? `; columns: ${compared.schema.map((change) => change.column).join(', ')}` : ''}`}
      flush
    >
      <div className="table-box">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">Column</th>
              <th scope="col">State</th>
              <th scope="col" className="num">
                PSI
              </th>
              <th scope="col" className="num">
                by chance up to
              </th>
              <th scope="col" className="num">
                Mean moved, sd
              </th>
              <th scope="col" className="num">
                Missing before, %
              </th>
              <th scope="col" className="num">
                Missing now, %
              </th>
              <th scope="col">New values</th>
            </tr>
          </thead>
          <tbody>
            {shifts.map((shift) => (
              <tr key={shift.column}>
                <td>{shift.column}</td>
                <td>
                  <StateWord
                    state={
                      shift.psi === null || shift.noise === null
                        ? 'not-enough-evidence'
                        : shift.psi > shift.noise
                          ? 'warned'
                          : 'quiet'
                    }
                    word={
                      shift.psi === null || shift.noise === null
                        ? 'not enough evidence'
                        : shift.psi > shift.noise
                          ? 'moved'
                          : 'as before'
                    }
                  />
                </td>
                <td className="num">{formatNumber(shift.psi)}</td>
                <td className="num">{formatNumber(shift.noise)}</td>
                <td className="num">{formatNumber(shift.meanShift)}</td>
                <td className="num">{formatNumber(shift.missingBefore * 100)}</td>
                <td className="num">{formatNumber(shift.missingAfter * 100)}</td>
                <td>
                  <span className="truncate">{shift.newValues.slice(0, 8).join(', ') || '–'}</span>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}
