// The policy of the tour's sandboxes: one allowed destination, little of everything else.
import { Policy } from '@sandtrail/schemas/policy';

interface Stage {
  /** Port of the tour's own file server. */
  readonly port: number;
  readonly isolation: 'bubblewrap' | 'process';
}

/** A policy that allows `files.sandtrail.test` at the stated address and nothing else. */
export function tourPolicy({ port, isolation }: Stage): Policy {
  return Policy.parse({
    isolation,
    network: {
      mode: 'restricted',
      egress_allowlist: [`files.sandtrail.test:${port}`],
      ingress: 'deny_all',
      private_allow: [{ name: 'files.sandtrail.test', address: '127.0.0.1' }],
    },
    filesystem: { workspace: '/tmp/agent', mode: 'read_write', host_mounts: [] },
    resources: { cpu_limit: '2', memory_limit: '1Gi', timeout_seconds: 60 },
    credentials: { mode: 'just_in_time', secret_scanning: true },
  });
}
