import { Icon, type IconName } from './icon.tsx';

export type Tone = 'good' | 'bad' | 'warn' | 'busy' | 'calm';

/** Every state word of Rondo: its icon and its tone. States are never shown by colour alone. */
const STATES: Record<string, { tone: Tone; icon: IconName; word?: string }> = {
  succeeded: { tone: 'good', icon: 'check' },
  committed: { tone: 'good', icon: 'check' },
  passed: { tone: 'good', icon: 'check' },
  accepted: { tone: 'good', icon: 'check' },
  valid: { tone: 'good', icon: 'check' },
  ok: { tone: 'good', icon: 'check', word: 'well' },
  quiet: { tone: 'good', icon: 'check' },
  promoted: { tone: 'good', icon: 'up' },
  champion: { tone: 'good', icon: 'flag' },
  closed: { tone: 'calm', icon: 'check' },
  fired: { tone: 'good', icon: 'trigger' },
  cached: { tone: 'good', icon: 'cache' },
  done: { tone: 'good', icon: 'check' },
  delivered: { tone: 'good', icon: 'check' },
  deployed: { tone: 'good', icon: 'flag', word: 'in force' },
  automatic: { tone: 'good', icon: 'check' },
  intact: { tone: 'good', icon: 'check' },
  on: { tone: 'good', icon: 'trigger' },
  broken: { tone: 'bad', icon: 'cross' },
  missing: { tone: 'bad', icon: 'cross' },
  failed: { tone: 'bad', icon: 'cross' },
  refused: { tone: 'bad', icon: 'cross' },
  down: { tone: 'bad', icon: 'cross' },
  invalid: { tone: 'bad', icon: 'cross' },
  quarantined: { tone: 'bad', icon: 'stop' },
  'rolled-back': { tone: 'bad', icon: 'back', word: 'rolled back' },
  lost: { tone: 'bad', icon: 'cross' },
  stopped: { tone: 'bad', icon: 'stop' },
  alarm: { tone: 'warn', icon: 'warn' },
  open: { tone: 'warn', icon: 'warn' },
  expired: { tone: 'warn', icon: 'clock' },
  warned: { tone: 'warn', icon: 'warn' },
  retrain: { tone: 'warn', icon: 'trigger' },
  manual: { tone: 'warn', icon: 'hand', word: 'by hand' },
  stale: { tone: 'warn', icon: 'clock' },
  behind: { tone: 'warn', icon: 'clock' },
  hold: { tone: 'calm', icon: 'pause' },
  held: { tone: 'calm', icon: 'pause' },
  cancelled: { tone: 'calm', icon: 'stop' },
  running: { tone: 'busy', icon: 'play' },
  testing: { tone: 'busy', icon: 'play' },
  claimed: { tone: 'busy', icon: 'play', word: 'starting' },
  starting: { tone: 'busy', icon: 'play' },
  staging: { tone: 'busy', icon: 'up' },
  committing: { tone: 'busy', icon: 'up' },
  releasing: { tone: 'busy', icon: 'releases' },
  started: { tone: 'busy', icon: 'play' },
  advanced: { tone: 'busy', icon: 'up' },
  candidate: { tone: 'calm', icon: 'gate' },
  waiting: { tone: 'calm', icon: 'clock' },
  queued: { tone: 'calm', icon: 'clock' },
  pending: { tone: 'calm', icon: 'clock' },
  skipped: { tone: 'calm', icon: 'minus' },
  withdrawn: { tone: 'calm', icon: 'minus' },
  retired: { tone: 'calm', icon: 'minus' },
  registered: { tone: 'calm', icon: 'dot' },
  replaced: { tone: 'calm', icon: 'minus' },
  superseded: { tone: 'calm', icon: 'minus' },
  off: { tone: 'calm', icon: 'pause', word: 'switched off' },
  insufficient: { tone: 'calm', icon: 'question', word: 'not enough evidence' },
  'not-enough-evidence': { tone: 'calm', icon: 'question', word: 'not enough evidence' },
  reference: { tone: 'calm', icon: 'dot' },
  unknown: { tone: 'calm', icon: 'question' },
  none: { tone: 'calm', icon: 'minus', word: 'nothing yet' },
};

export function toneOf(state: string): Tone {
  return STATES[state]?.tone ?? 'calm';
}

export function iconOf(state: string): IconName {
  return STATES[state]?.icon ?? 'dot';
}

/** A state as icon and word. */
export function StateWord({ state, word }: { state: string; word?: string }) {
  const known = STATES[state] ?? { tone: 'calm' as const, icon: 'dot' as const };
  return (
    <span className={`state tone-${known.tone}`}>
      <Icon name={known.icon} size={14} />
      <span>{word ?? known.word ?? state.replaceAll('-', ' ')}</span>
    </span>
  );
}

export function StateIcon({ state }: { state: string }) {
  const known = STATES[state] ?? { tone: 'calm' as const, icon: 'dot' as const };
  return (
    <span
      className={`state-icon tone-${known.tone}`}
      role="img"
      aria-label={known.word ?? state.replaceAll('-', ' ')}
    >
      <Icon name={known.icon} size={14} />
    </span>
  );
}
