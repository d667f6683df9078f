import { useRouter } from '@tanstack/react-router';
import { useEffect } from 'react';

/** `g` and a letter: go to a screen. */
export const GO_KEYS: Readonly<Record<string, { to: string; text: string }>> = {
  h: { to: '/', text: 'Home' },
  d: { to: '/datasets', text: 'Datasets' },
  f: { to: '/features', text: 'Features' },
  c: { to: '/commits', text: 'Commits' },
  r: { to: '/runs', text: 'Runs' },
  m: { to: '/models', text: 'Models' },
  l: { to: '/releases', text: 'Releases' },
  e: { to: '/endpoints', text: 'Endpoints' },
  w: { to: '/monitors', text: 'Monitors' },
  t: { to: '/triggers', text: 'Triggers' },
  p: { to: '/maturity', text: 'Maturity' },
  a: { to: '/audit', text: 'Audit' },
};

/** Keys that work on every screen; never while one types. */
export function useShortcuts(open: (what: 'palette' | 'help') => void): void {
  const router = useRouter();
  useEffect(() => {
    let goUntil = 0;
    const onKey = (event: KeyboardEvent): void => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        open('palette');
        return;
      }
      const target = event.target as HTMLElement;
      if (
        event.ctrlKey ||
        event.metaKey ||
        event.altKey ||
        /INPUT|TEXTAREA|SELECT/.test(target.tagName)
      )
        return;
      if (event.timeStamp < goUntil && GO_KEYS[event.key]) {
        goUntil = 0;
        router.history.push(GO_KEYS[event.key]?.to ?? '/');
      } else if (event.key === 'g') {
        goUntil = event.timeStamp + 1200;
      } else if (event.key === '?') {
        open('help');
      } else if (event.key === '/') {
        const filter = document.querySelector<HTMLInputElement>('input[data-filter]');
        if (filter) {
          event.preventDefault();
          filter.focus();
        }
      }
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [open, router]);
}
