// The ladder of a sandbox: each level with what was asked, what holds, and since when it is proven.
import type { Rung } from '@sandtrail/console/contract/sandboxes';
import { clockText, msOf } from '../time/format-time.ts';
import { levelWords } from './levels.ts';
import './ladder.css';

/** Seven steps in a row; those that hold are marked in the blue of containment. */
export function Ladder({ rungs }: { readonly rungs: readonly Rung[] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: where it is too wide it scrolls, by keys too
    <ol aria-label="Containment ladder" className="ladder" tabIndex={0}>
      {rungs.map((rung) => (
        <li className={`ladder-rung ladder-${rung.state}`} key={rung.level}>
          <div className="ladder-name">
            <span className="machine-font">{rung.level}</span> {levelWords[rung.level].name}
          </div>
          <RungState rung={rung} />
        </li>
      ))}
    </ol>
  );
}

const words: Readonly<Record<Rung['state'], string>> = {
  free: 'not applied',
  waiting: 'waits for a person',
  sent: 'sent, no answer yet',
  applied: 'applied, not proven yet',
  proven: '✓ proven',
  not_proven: 'not proven',
  failed: 'failed',
  released: 'released',
};

function RungState({ rung: { level, state, atNs } }: { readonly rung: Rung }) {
  if (level === 'L0') return <div className="ladder-state muted">always</div>;
  return (
    <div className="ladder-state muted">
      <span className={state === 'proven' ? 'proven' : ''}>{words[state]}</span>
      {atNs === null || state === 'free' || state === 'waiting'
        ? ''
        : ` ${clockText(msOf(atNs)).slice(0, 8)}`}
    </div>
  );
}
