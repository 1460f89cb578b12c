// A collector's stream opens: its effective mode, what it cannot see, and the key of its heartbeats.
import * as z from 'zod';
import { event } from '../src/body.ts';
import { text } from '../src/scalars.ts';

export const CollectorStarted = event(
  'collector.started',
  {
    bootId: text(64),
    mode: text(128),
    blindSpots: z.array(text(256)).max(32),
    /** Ed25519 public key of this epoch, 32 bytes in base64 (RFC 8032). */
    publicKey: z.string().regex(/^[A-Za-z0-9+/]{43}=$/),
  },
  { senders: ['host', 'gateway'], freeText: [] },
);
