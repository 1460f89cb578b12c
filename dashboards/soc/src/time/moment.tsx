// A moment: UTC and, beside it, how long ago.
import { agoText, utcText } from './format-time.ts';
import { useNow } from './use-now.ts';

/** Shows a time in milliseconds, both ways. */
export function Moment({ timeMs }: { readonly timeMs: number }) {
  const nowMs = useNow(1000);
  return (
    <span>
      <span className="machine-font">{utcText(timeMs)}</span>{' '}
      <span className="muted">{agoText(timeMs, nowMs)}</span>
    </span>
  );
}
