// The gateway's part of a record: who it is about, who sent it, when, and how far it is believed.
import * as z from 'zod';
import { Incarnation, SandboxUid, Tenant, Trust, text, UnixNs } from './scalars.ts';

/**
 * Bound by the gateway from the connection, never from what the sender claims. `timeNs` is the event
 * time that detectors use: the observed time clamped to received −1 h / +5 s, except for `backfill`.
 */
export const Header = z.strictObject({
  tenant: Tenant,
  sandbox: SandboxUid,
  incarnation: Incarnation,
  trust: Trust,
  credential: text(128),
  receivedAtNs: UnixNs,
  timeNs: UnixNs,
  admission: z.enum(['live', 'backfill', 'clamped']),
});
export type Header = z.infer<typeof Header>;

/** The names of the header's fields, in the order in which `query --json` prints them. */
export const headerFields = Header.keyof().options;
