// Losses that collectors told: when, where, how many and why.
import type { GapView } from '@sandtrail/console/contract/integrity';
import { Link } from '@tanstack/react-router';
import { clockText, msOf } from '../time/format-time.ts';

/** The table; a count of 0 means that it is not known how many. */
export function GapTable({ gaps }: { readonly gaps: readonly GapView[] }) {
  if (gaps.length === 0) return <p className="muted">No collector told of a loss.</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keys
    <section aria-label="Gaps" className="box table-scroll" tabIndex={0}>
      <table className="table">
        <thead>
          <tr>
            <th scope="col">Between, UTC</th>
            <th className="table-number" scope="col">
              Lost
            </th>
            <th scope="col">Cause</th>
            <th scope="col">Source</th>
            <th scope="col">Sandbox</th>
          </tr>
        </thead>
        <tbody>
          {gaps.map((gap) => (
            <tr className="hatched" key={`${gap.at.chain} ${gap.at.pos}`}>
              <td>
                <Link params={gap.at} to="/e/$chain/$pos">
                  <span className="machine-font">
                    {clockText(msOf(gap.firstNs))} to {clockText(msOf(gap.lastNs))}
                  </span>
                </Link>
              </td>
              <td className="table-number">{gap.count === '0' ? 'not known' : gap.count}</td>
              <td>{gap.reason.replaceAll('_', ' ')}</td>
              <td className="machine-font">{gap.source}</td>
              <td className="machine-font">{gap.sandbox}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
