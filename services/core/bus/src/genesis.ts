// The record at offset 0 of every place: random bytes that make the chain's identity unique.
import type { Clock, Random } from '@sandtrail/runtime/clock';
import { ControlGenesis } from '@sandtrail/schemas/events/control-genesis';
import { encodeFrame } from '@sandtrail/schemas/frame';
import { Header } from '@sandtrail/schemas/header';
import { SandboxUid } from '@sandtrail/schemas/scalars';
import { formatStream } from '@sandtrail/schemas/stream';
import * as z from 'zod';
import type { Place } from './bus.ts';
import { placeName } from './places.ts';

const randomBytes = 16;
const sandbox = SandboxUid.parse('control-log');

interface GenesisOptions {
  readonly log: string;
  readonly place: Place;
  readonly clock: Clock;
  readonly random: Random;
}

/** The frame of `control.genesis`: a stream of its own for each place, sequence number 0. */
export function genesisFrame({ log, place, clock, random }: GenesisOptions): Buffer {
  const nowNs = clock.nowNs();
  const body = z.encode(ControlGenesis, {
    kind: 'control.genesis',
    v: 1,
    stream: formatStream({
      collector: 'gateway',
      node: placeName(place),
      epoch: 0,
      sandbox,
      incarnation: 0,
    }),
    seq: 0n,
    observedAtNs: nowNs,
    log,
    topic: place.topic,
    partition: place.partition,
    random: random(randomBytes).toString('hex'),
  });
  const header = z.encode(Header, {
    tenant: 'sandtrail',
    sandbox,
    incarnation: 0,
    trust: 'host',
    credential: 'gateway',
    receivedAtNs: nowNs,
    timeNs: nowNs,
    admission: 'live',
  });
  return encodeFrame({
    header: Buffer.from(JSON.stringify(header)),
    body: Buffer.from(JSON.stringify(body)),
    erasable: Buffer.alloc(0),
  });
}
