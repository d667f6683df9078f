import { Button } from '@mantine/core';
import { useState } from 'react';
import type { PaletteAction } from '../../../src/contract/views/frame-view.ts';
import { OrderDialog } from './order-dialog.tsx';

/** A button for one order; the dialog says what will happen before it does. */
export function OrderButton({ text, action }: { text: string; action: PaletteAction }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button variant="default" onClick={() => setOpen(true)}>
        {text}
      </Button>
      <OrderDialog opened={open} onClose={() => setOpen(false)} action={action} />
    </>
  );
}
