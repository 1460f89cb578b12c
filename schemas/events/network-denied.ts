// The egress proxy or resolver refused a destination and said so to the agent.
import * as z from 'zod';
import { event } from '../src/body.ts';
import { Count, text } from '../src/scalars.ts';

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
    /** The SNI or Host header that differed from the destination. */
    claimed: text(255).optional(),
    /** Denials alike that came too fast to be told one by one and stand in this record. */
    repeats: Count.optional(),
    reason: z.enum([
      'not_allowed',
      'malformed_authority',
      'malformed_request',
      'ip_literal',
      'private_address',
      'sni_mismatch',
      'encrypted_hello',
      'not_tls',
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
  { senders: ['host'], freeText: ['destination', 'path', 'claimed'] },
);
