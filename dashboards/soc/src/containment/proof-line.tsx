// A proof as the driver returned it: every number, and what it does not prove.
import type { ContainmentResult } from '@sandtrail/schemas/containment';

const looks = { at_once: 'at once', after_1s: 'after 1 s', after_10s: 'after 10 s' } as const;

/** One look at a contained sandbox. Without a proof it says so. */
export function ProofLine({ result }: { readonly result: ContainmentResult }) {
  const { check, state, proof, driver, latencyUs, evidenceLost, detail } = result;
  return (
    <div className="proof-line">
      <span className="muted">
        {looks[check]}, {driver}, {(latencyUs / 1000).toFixed(1)} ms:
      </span>{' '}
      {proof === undefined ? (
        <strong>not proven: no proof came back ({state})</strong>
      ) : (
        <span className="machine-font">
          visited {proof.visited} · frozen {proof.frozen} · alive {proof.alive} · escaped{' '}
          {proof.escaped} · cpuΔ {proof.cpuDeltaUs} µs · open flows {proof.openFlows ?? 'not known'}
          {proof.truncated ? ' · truncated: nothing is proven' : ''}
        </span>
      )}
      {evidenceLost.length === 0 ? null : (
        <span className="muted"> · lost as evidence: {evidenceLost.join(', ')}</span>
      )}
      {detail === undefined ? null : <span className="muted"> · {detail}</span>}
    </div>
  );
}
