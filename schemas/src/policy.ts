// The sandbox policy: the declared `sandbox_config`, in YAML or JSON, with unknown fields refused.
import * as z from 'zod';
import { text } from './scalars.ts';

/** Kinds of isolation, and how strong each is; a sandbox weaker than declared is refused. */
export const Isolation = z.enum([
  'none',
  'process',
  'bubblewrap',
  'docker',
  'gvisor',
  'kata',
  'firecracker',
]);
export type Isolation = z.infer<typeof Isolation>;

/** Rank of each isolation: a virtual machine above a user-space kernel above namespaces. */
export const isolationRank: Readonly<Record<Isolation, number>> = {
  none: 0,
  process: 1,
  bubblewrap: 2,
  docker: 2,
  gvisor: 3,
  kata: 4,
  firecracker: 4,
};

/** `host:port`, where host is a name, `*.name`, or an address in brackets or dotted form. */
const Destination = z
  .string()
  .max(261)
  .regex(
    /^(?:\*\.)?[A-Za-z0-9.:[\]_-]+:\d{1,5}$/,
    'write it as host:port, such as api.example.com:443',
  );

const Network = z.strictObject({
  mode: z.enum(['none', 'restricted']),
  egress_allowlist: z.array(Destination).max(1024).default([]),
  ingress: z.enum(['deny_all']).default('deny_all'),
  /** Names that may resolve to a stated private address; all others that do are refused. */
  private_allow: z
    .array(z.strictObject({ name: text(253), address: text(45) }))
    .max(64)
    .default([]),
});

const Filesystem = z.strictObject({
  workspace: z.string().startsWith('/').max(4096),
  mode: z.enum(['read_only', 'read_write']).default('read_write'),
  /** `/path` or `/path:ro`; each is a hole in the sandbox and stands in `sandbox.created`. */
  host_mounts: z.array(z.string().startsWith('/').max(4096)).max(32).default([]),
});

const Resources = z.strictObject({
  cpu_limit: z.string().regex(/^\d{1,3}(?:\.\d{1,3})?$|^\d{1,6}m$/, 'cores, such as "2" or "500m"'),
  memory_limit: z.string().regex(/^\d{1,12}(?:Ki|Mi|Gi)?$/, 'bytes, such as 512Mi or 4Gi'),
  timeout_seconds: z.int().min(1).max(604_800),
  /** Most tasks (processes and threads) at once. */
  pids_limit: z.int().min(8).max(65_536).default(1024),
});

const Credentials = z.strictObject({
  mode: z.enum(['none', 'just_in_time']).default('just_in_time'),
  secret_scanning: z.boolean().default(true),
});

/** What may be done without a person; the ceiling of `detection.md` holds above it. */
const Responses = z.strictObject({
  automatic: z.boolean().default(true),
  /** Highest rung that an automatic response may reach. */
  automatic_level_max: z.enum(['L1', 'L2', 'L5']).default('L2'),
});

/** The declared policy of a sandbox. Its SHA-256 digest is sealed; a change at run time is drift. */
export const Policy = z.strictObject({
  isolation: Isolation,
  network: Network,
  filesystem: Filesystem,
  resources: Resources,
  credentials: Credentials.prefault({}),
  /** What the watchdog does when the sandbox's recorder dies: stop the sandbox, or let it go on. */
  on_recorder_loss: z.enum(['freeze', 'continue']).default('freeze'),
  responses: Responses.prefault({}),
});
export type Policy = z.infer<typeof Policy>;
