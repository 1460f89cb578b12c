// Copies a value as escaped JSON: nothing in it can act where it is pasted.
import { useState } from 'react';
import { escapedJson } from './code-points.ts';

interface CopyButtonProps {
  readonly value: unknown;
  readonly word: string;
}

/** The button; it says that it copied, or why it could not. */
export function CopyButton({ value, word }: CopyButtonProps) {
  const [said, setSaid] = useState('');
  const copy = () => {
    const text = typeof value === 'string' ? value : escapedJson(value);
    navigator.clipboard.writeText(text).then(
      () => setSaid('copied'),
      (cause: unknown) => setSaid(`not copied: ${String(cause)}`),
    );
  };
  return (
    <span>
      <button className="button" onClick={copy} type="button">
        {word}
      </button>{' '}
      <span className="muted" role="status">
        {said}
      </span>
    </span>
  );
}
