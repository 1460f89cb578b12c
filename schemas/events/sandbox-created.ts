// A sandbox exists: what is constant for it stands here once and is joined by uid.
import * as z from 'zod';
import { event } from '../src/body.ts';
import { Isolation, Policy } from '../src/policy.ts';
import { Sha256Hex, text } from '../src/scalars.ts';

export const SandboxCreated = event(
  'sandbox.created',
  {
    name: text(128),
    template: text(128).optional(),
    node: text(64),
    /** What really isolates it, which may be weaker than `policy.isolation` (then `unenforced` says so). */
    isolation: Isolation,
    policy: Policy,
    policyDigest: Sha256Hex,
    /** The directory in the host's cgroup v2 tree, and its inode: the handle that containment uses. */
    cgroup: z.strictObject({ path: text(1024), id: text(20) }).optional(),
    /** Where the sandbox's workspace lies on the host. */
    workspace: text(4096).optional(),
  },
  { senders: ['host'], freeText: [] },
);
