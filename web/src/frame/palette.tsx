import { Modal, TextInput } from '@mantine/core';
import { useRouter } from '@tanstack/react-router';
import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import type { PaletteAction, PaletteView } from '../../../src/contract/views/frame-view.ts';
import { useView } from '../api/use-view.ts';
import { Icon } from '../components/icon.tsx';
import { OrderDialog } from '../components/order-dialog.tsx';
import { findEntries, type PaletteEntry } from './palette-search.ts';
import { GO_KEYS } from './shortcuts.ts';

/** Go to anything by name, and order anything that has an API. */
export function Palette({ onClose }: { onClose: () => void }) {
  const router = useRouter();
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const [action, setAction] = useState<PaletteAction | null>(null);
  const list = useRef<HTMLDivElement>(null);
  const view = useView<PaletteView>('/api/views/palette');
  const entries: PaletteEntry[] = [
    ...Object.entries(GO_KEYS).map(([key, screen]): PaletteEntry => ({
      kind: 'screen',
      ...screen,
      key: `g ${key}`,
    })),
    ...(view.data?.actions ?? []).map((order): PaletteEntry => ({
      kind: 'action',
      text: order.text,
      order,
    })),
    ...(view.data?.items ?? []),
  ];
  const found = findEntries(entries, text);
  const choose = (entry: PaletteEntry | undefined): void => {
    if (entry?.order) setAction(entry.order);
    else if (entry?.to !== undefined) {
      onClose();
      router.history.push(entry.to);
    }
  };
  useEffect(() => {
    list.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' });
  }, [at]);
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      setAt((index) =>
        Math.max(0, Math.min(found.length - 1, index + (event.key === 'ArrowDown' ? 1 : -1))),
      );
    } else if (event.key === 'Enter') {
      event.preventDefault();
      choose(found[at]);
    }
  };
  if (action) return <OrderDialog opened action={action} onClose={onClose} />;
  return (
    <Modal
      opened
      onClose={onClose}
      withCloseButton={false}
      size="lg"
      yOffset="12vh"
      centered={false}
      padding="xs"
      aria-label="Go to anything, do anything"
    >
      <TextInput
        data-autofocus
        size="md"
        placeholder="A run, model, commit, screen … or what to do: run, fire, roll back"
        aria-label="Go to anything"
        role="combobox"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={found.length > 0 ? `palette-${at}` : undefined}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={onKey}
      />
      <div ref={list} role="listbox" id="palette-list" aria-label="Found" className="palette-list">
        {found.map((entry, index) => (
          <div
            key={`${entry.kind} ${entry.text} ${entry.to ?? ''}`}
            id={`palette-${index}`}
            role="option"
            aria-selected={index === at}
            tabIndex={-1}
            className="palette-item"
            onMouseMove={() => setAt(index)}
            onClick={() => choose(entry)}
            onKeyDown={() => undefined}
          >
            <Icon name={entry.order ? 'trigger' : 'arrow'} size={14} />
            <span className="palette-text">{entry.text}</span>
            <span className="palette-kind muted">
              {entry.kind}
              {entry.key === undefined ? null : <kbd>{entry.key}</kbd>}
            </span>
          </div>
        ))}
      </div>
      {found.length === 0 ? (
        <p className="muted pad">
          {view.isPending
            ? 'Reading …'
            : view.error
              ? view.error.message
              : 'Nothing has this name.'}
        </p>
      ) : null}
    </Modal>
  );
}
