// A finding as a record of the log: numbered by what was judged, so that a repetition is the same bytes.

import { Finding } from '@sandtrail/schemas/finding';
import { encodeFrame } from '@sandtrail/schemas/frame';
import { Header } from '@sandtrail/schemas/header';
import { formatStream } from '@sandtrail/schemas/stream';
import * as z from 'zod';

const nodeChars = 12;
const nothing = Buffer.alloc(0);

interface Numbering {
  readonly partition: number;
  /** How many findings about this sandbox's life the partition gave before. */
  readonly seq: bigint;
}

/**
 * The frame of a finding. Stream, number and times are functions of the log: after a restart the
 * same finding is the same frame, which readers know as a retransmission.
 */
export function findingFrame(finding: Finding, { partition, seq }: Numbering): Buffer {
  const { bundle, tenant, sandbox, incarnation, timeNs } = finding;
  const stream = formatStream({
    collector: 'detector',
    node: bundle.slice(0, nodeChars),
    epoch: partition,
    sandbox,
    incarnation,
  });
  const observedAtNs = timeNs.toString();
  const header = z.encode(Header, {
    tenant,
    sandbox,
    incarnation,
    trust: 'host',
    credential: 'service-detector',
    receivedAtNs: timeNs,
    timeNs,
    admission: 'live',
  });
  const body = {
    kind: 'finding',
    v: 1,
    stream,
    seq: seq.toString(),
    observedAtNs,
    finding: z.encode(Finding, finding),
  };
  return encodeFrame({
    header: Buffer.from(JSON.stringify(header)),
    body: Buffer.from(JSON.stringify(body)),
    erasable: nothing,
  });
}
