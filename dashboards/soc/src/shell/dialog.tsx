// A dialog: a title, a way out that has a name, and the focus inside until it closes.
import { Modal } from '@mantine/core';
import { type ReactNode, useEffect, useState } from 'react';
import './dialog.css';

interface DialogProps {
  readonly title: string;
  /** What closing does, for who does not see the cross. */
  readonly closing: string;
  readonly size: number;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** The dialog. Its head is no `header` element: a page has one banner. */
export function Dialog({ title, closing, size, onClose, children }: DialogProps) {
  const [before] = useState(() => document.activeElement);
  useEffect(
    () => () => {
      if (before instanceof HTMLElement) before.focus();
    },
    [before],
  );
  return (
    <Modal.Root
      centered
      lockScroll={false}
      onClose={onClose}
      opened
      returnFocus={false}
      size={size}
    >
      <Modal.Overlay />
      <Modal.Content>
        <div className="dialog-head">
          <Modal.Title>{title}</Modal.Title>
          <Modal.CloseButton aria-label={closing} />
        </div>
        <Modal.Body>{children}</Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}
