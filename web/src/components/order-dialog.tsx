import { Button, Modal, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { useState } from 'react';
import type { PaletteAction } from '../../../src/contract/views/frame-view.ts';
import { sendOrder } from '../api/fetch-view.ts';
import { CopyLine } from './page.tsx';

/**
 * Says what an order will do before it is given: the effect in a sentence, the same as a command for the terminal, and,
 * where it cannot be taken back, the name to type. A run that it starts is opened.
 */
export function OrderDialog({
  action,
  opened,
  onClose,
}: {
  action: PaletteAction;
  opened: boolean;
  onClose: () => void;
}) {
  const [typed, setTyped] = useState('');
  const [refusal, setRefusal] = useState<string | null>(null);
  const client = useQueryClient();
  const router = useRouter();
  const order = useMutation({
    mutationFn: () =>
      sendOrder<{ runId?: string | null; state?: string; reason?: string }>(
        action.path,
        action.body,
      ),
    onSuccess: (answer) => {
      // The order is given: what it changed is read again behind the closed dialog.
      void client.invalidateQueries();
      if (answer.state === 'skipped') {
        setRefusal(answer.reason ?? 'Nothing was started.');
        return;
      }
      onClose();
      setTyped('');
      if (typeof answer.runId === 'string' && !action.path.endsWith('/cancel'))
        router.history.push(`/runs/${answer.runId}`);
    },
  });
  const said = order.error?.message ?? refusal;
  const drastic = action.typeName !== null;
  return (
    <Modal opened={opened} onClose={onClose} title={`${action.text}?`}>
      <p style={{ marginBottom: 12 }}>{action.effect}</p>
      {action.typeName === null ? null : (
        <TextInput
          data-autofocus
          label={`Type ${action.typeName} to confirm`}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          mb="sm"
        />
      )}
      <CopyLine line={action.command} label="terminal" />
      {said === null ? null : (
        <p role="alert" className="tone-bad" style={{ marginTop: 8 }}>
          {said}
        </p>
      )}
      <div className="actions" style={{ marginTop: 16 }}>
        <Button variant="default" onClick={onClose}>
          Keep as it is
        </Button>
        <Button
          color={drastic ? 'red.8' : 'rondo'}
          loading={order.isPending}
          disabled={drastic && typed !== action.typeName}
          onClick={() => {
            setRefusal(null);
            order.mutate();
          }}
        >
          {action.text}
        </Button>
      </div>
    </Modal>
  );
}
