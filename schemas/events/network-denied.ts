// The egress proxy or resolver refused a destination and said so to the agent.
import * as z from 'zod';
import { event } from '../src/body.ts';
import { text } from '../src/scalars.ts';

export const NetworkDenied = event(
  'network.denied',
  {
    protocol: z.enum(['http', 'connect', 'dns', 'tcp']),
    /** What was asked for, as it was asked: an authority or a name. */
    destination: text(1024),
    host: text(255).optional(),
    port: z.int().min(0).max(65_535).optional(),
    method: text(32).optional(),
    path: text(4096).optional(),
    reason: z.enum([
      'not_allowed',
      'malformed_authority',
      'ip_literal',
      'private_address',
      'sni_mismatch',
      'encrypted_hello',
      'hello_timeout',
      'host_mismatch',
      'unresolved',
      'record_type',
      'label_bytes',
      'dns_budget',
      'contained',
      'limit',
      'upstream',
    ]),
  },
  { senders: ['host'], freeText: ['destination', 'path'] },
);
