import { Popover, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { Link, Outlet } from '@tanstack/react-router';
import { Suspense, lazy, useState } from 'react';
import { useLiveState, useLiveUpdates } from '../api/live.ts';
import { useFrame, useNowMs } from '../api/now.ts';
import { Icon, type IconName } from '../components/icon.tsx';
import { PageSkeleton } from '../components/page.tsx';
import { StateIcon, StateWord } from '../components/state-word.tsx';
import { Time } from '../components/time-ago.tsx';
import { useShortcuts } from './shortcuts.ts';

const Palette = lazy(async () => ({ default: (await import('./palette.tsx')).Palette }));
const ShortcutHelp = lazy(async () => ({
  default: (await import('./shortcut-help.tsx')).ShortcutHelp,
}));

const PARTS: readonly {
  group: string | null;
  items: readonly { to: string; text: string; icon: IconName }[];
}[] = [
  { group: null, items: [{ to: '/', text: 'Home', icon: 'home' }] },
  {
    group: 'Data',
    items: [
      { to: '/datasets', text: 'Datasets', icon: 'datasets' },
      { to: '/features', text: 'Features', icon: 'features' },
    ],
  },
  {
    group: 'Build',
    items: [
      { to: '/commits', text: 'Commits', icon: 'commits' },
      { to: '/runs', text: 'Runs', icon: 'runs' },
    ],
  },
  { group: 'Models', items: [{ to: '/models', text: 'Models', icon: 'models' }] },
  {
    group: 'Ship',
    items: [
      { to: '/releases', text: 'Releases', icon: 'releases' },
      { to: '/endpoints', text: 'Endpoints', icon: 'endpoints' },
    ],
  },
  {
    group: 'Watch',
    items: [
      { to: '/monitors', text: 'Monitors', icon: 'monitors' },
      { to: '/triggers', text: 'Triggers', icon: 'triggers' },
    ],
  },
  {
    group: 'Trust',
    items: [
      { to: '/maturity', text: 'Maturity', icon: 'maturity' },
      { to: '/audit', text: 'Audit', icon: 'audit' },
    ],
  },
];

/** What stands around every screen: the loop in order, search, health, the calendar. */
export function Frame() {
  useLiveUpdates();
  const [open, setOpen] = useState<'palette' | 'help' | null>(null);
  useShortcuts(setOpen);
  return (
    <div className="frame">
      <a href="#main" className="visually-hidden">
        Skip to the content
      </a>
      <Top onSearch={() => setOpen('palette')} />
      <nav className="nav" aria-label="Screens">
        {PARTS.map((part) => (
          <div key={part.group ?? 'home'}>
            {part.group ? <div className="nav-group">{part.group}</div> : null}
            {part.items.map((item) => (
              <Link
                key={item.to}
                to={item.to}
                className="nav-link"
                activeOptions={{ exact: item.to === '/' }}
              >
                <Icon name={item.icon} />
                {item.text}
              </Link>
            ))}
          </div>
        ))}
      </nav>
      <main className="main" id="main">
        <Suspense fallback={<PageSkeleton />}>
          <Outlet />
        </Suspense>
      </main>
      <Suspense fallback={null}>
        {open === 'palette' ? <Palette onClose={() => setOpen(null)} /> : null}
        {open === 'help' ? <ShortcutHelp onClose={() => setOpen(null)} /> : null}
      </Suspense>
    </div>
  );
}

function Top({ onSearch }: { onSearch: () => void }) {
  const frame = useFrame();
  const live = useLiveState();
  const nowMs = useNowMs();
  return (
    <header className="top">
      <Link to="/" className="brand" aria-label="Rondo, home">
        <svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true">
          <path
            d="M10 2.5a7.5 7.5 0 1 1-6.6 3.9"
            fill="none"
            stroke="currentColor"
            strokeWidth="2.4"
            strokeLinecap="round"
          />
          <circle cx="10" cy="10" r="2.6" fill="currentColor" />
        </svg>
        Rondo
      </Link>
      <span className="top-project">{frame.data?.project ?? ''}</span>
      <button type="button" className="top-search" onClick={onSearch}>
        <Icon name="search" size={14} />
        Go to anything
        <kbd>Ctrl K</kbd>
      </button>
      <div className="top-right">
        {frame.data?.calendar.kind === 'replayed' && nowMs !== null ? (
          <span className="chip" title="The calendar is replayed: ages and windows follow it">
            <Icon name="clock" size={12} /> replayed · <Time atMs={nowMs} />
          </span>
        ) : null}
        <span className="live" data-state={live}>
          {live === 'live' ? 'live' : live === 'lost' ? 'reconnecting' : 'connecting'}
        </span>
        <Health />
        <SchemeSwitch />
      </div>
    </header>
  );
}

function Health() {
  const frame = useFrame();
  const parts = frame.data?.health ?? [];
  const worst = parts.some((part) => part.state === 'down')
    ? 'down'
    : parts.some((part) => part.state === 'unknown')
      ? 'unknown'
      : 'ok';
  return (
    <Popover width={320} position="bottom-end" withArrow>
      <Popover.Target>
        <button
          type="button"
          className="icon-button"
          aria-label={`Health: ${worst === 'ok' ? 'every part is well' : worst}`}
        >
          <StateIcon state={frame.data ? worst : 'unknown'} />
        </button>
      </Popover.Target>
      <Popover.Dropdown>
        {parts.map((part) => (
          <div key={part.part} style={{ display: 'flex', gap: 10, padding: '2px 0' }}>
            <span style={{ width: 78 }}>{part.part}</span>
            <StateWord state={part.state} />
            <span className="muted">{part.text}</span>
          </div>
        ))}
      </Popover.Dropdown>
    </Popover>
  );
}

function SchemeSwitch() {
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme('light');
  const next = scheme === 'light' ? 'dark' : 'light';
  return (
    <button
      type="button"
      className="icon-button"
      aria-label={`Switch to ${next}`}
      title={`Switch to ${next}`}
      onClick={() => setColorScheme(next)}
    >
      <Icon name={scheme === 'light' ? 'moon' : 'sun'} />
    </button>
  );
}
