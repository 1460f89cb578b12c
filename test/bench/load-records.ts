// Load without a kit: bodies made from templates, numbered, attested, posted in batches of 1,000.
import { createEpochKey, type EpochKey, RunHash } from '@sandtrail/kit/attestation';
import { createGatewayClient } from '@sandtrail/kit/gateway-client';
import { systemClock } from '@sandtrail/runtime/clock';
import { formatStream } from '@sandtrail/schemas/stream';
import { quantile } from './figure.ts';
import { createdObservation, loadObservation } from './load-observations.ts';
import type { Load, LoadAround } from './load-run.ts';

const batchRecords = 1000;
const batchesUnderWayMax = 4;
const templateCount = 2000;
const erasable = Buffer.alloc(0);
const signal = new AbortController().signal;

/** Opens a stream for each sandbox, and a connection. */
export async function recordsLoad(around: LoadAround): Promise<Load> {
  const shipper = createGatewayClient({
    address: { socketPath: around.layout.gatewaySocket },
    token: around.token,
  });
  const key = createEpochKey();
  const streams = around.sandboxes.map((uid) => new BenchStream({ uid, node: around.node, key }));
  const ackMs: number[] = [];
  const count = { sent: 0, refused: 0, failures: 0, sizeBytes: 0, next: 0 };
  const underWay = new Set<Promise<void>>();
  const post = async (bodies: readonly Buffer[]) => {
    const beganMs = performance.now();
    const refused = await shipper
      .ship(
        bodies.map((body) => ({ body, erasable })),
        signal,
      )
      .catch((error: unknown) => {
        count.failures += 1;
        process.stderr.write(`a batch failed: ${error}\n`);
        return [];
      });
    if (ackMs.length < 100_000) ackMs.push(performance.now() - beganMs);
    count.refused += refused.length;
    if (refused[0] !== undefined && count.refused === refused.length)
      process.stderr.write(`refused: ${JSON.stringify(refused[0])}\n`);
    count.sent += bodies.length;
    for (const body of bodies) count.sizeBytes += body.length;
  };
  await post(streams.map((stream) => stream.started()));
  await post(streams.map((stream) => stream.created(around.node)));
  return {
    async give(wanted) {
      if (wanted < batchRecords) return 0;
      const stream = streams[count.next % streams.length];
      count.next += 1;
      if (stream === undefined) return 0;
      const posting = post(stream.batch(batchRecords)).finally(() => underWay.delete(posting));
      underWay.add(posting);
      if (underWay.size >= batchesUnderWayMax) await Promise.race(underWay);
      return batchRecords;
    },
    async finish() {
      await Promise.all(underWay);
      await post(streams.map((stream) => stream.stopped()));
      await shipper.close();
      return {
        ...{ sent: count.sent, refused: count.refused, failures: count.failures, dropped: 0 },
        sizeBytesMean: count.sizeBytes / count.sent,
        ackMsP50: quantile(ackMs, 0.5),
        ackMsP99: quantile(ackMs, 0.99),
      };
    },
  };
}

interface StreamOf {
  readonly uid: LoadAround['sandboxes'][number];
  readonly node: string;
  readonly key: EpochKey;
}

/** A stream as a kit would number and attest it; its bodies are cut from templates. */
class BenchStream {
  readonly #id: string;
  readonly #key: EpochKey;
  readonly #run = new RunHash();
  readonly #templates: readonly (readonly [string, string])[];
  #seq = 0;

  constructor({ uid, node, key }: StreamOf) {
    this.#id = formatStream({ collector: 'ebpf', node, epoch: 900, sandbox: uid, incarnation: 0 });
    this.#key = key;
    this.#templates = Array.from({ length: templateCount }, (_, at) => {
      const { kind, observedAtNs, ...fields } = loadObservation(at, '0');
      const body = { kind, v: 1, stream: this.#id, seq: '@', observedAtNs, ...fields };
      const [start = '', end = ''] = JSON.stringify(body).split('"@","observedAtNs":"0"');
      return [`${start}"`, end];
    });
  }

  started(): Buffer {
    const opening = { bootId: 'bench', mode: 'bench', blindSpots: [] };
    return this.#own('collector.started', { ...opening, publicKey: this.#key.publicKey });
  }

  created(node: string): Buffer {
    const { kind, observedAtNs, ...fields } = createdObservation(node, '0');
    return this.#own(kind, fields);
  }

  stopped(): Buffer {
    return this.#own('collector.stopped', { reason: 'done', ...this.#statement() });
  }

  /** Records, the last of them a heartbeat. */
  batch(records: number): readonly Buffer[] {
    const bodies: Buffer[] = [];
    const nowNs = `${systemClock.nowNs()}`;
    while (bodies.length < records - 1) {
      const [start = '', end = ''] = this.#templates[this.#seq % templateCount] ?? [];
      bodies.push(this.#take(`${start}${this.#seq}","observedAtNs":"${nowNs}"${end}`));
    }
    bodies.push(this.#own('collector.heartbeat', this.#statement()));
    return bodies;
  }

  #own(kind: string, fields: Readonly<Record<string, unknown>>): Buffer {
    const stamp = { kind, v: 1, stream: this.#id, seq: `${this.#seq}` };
    const times = { observedAtNs: `${systemClock.nowNs()}` };
    return this.#take(JSON.stringify({ ...stamp, ...times, ...fields }));
  }

  #take(text: string): Buffer {
    const body = Buffer.from(text);
    this.#run.add(body);
    this.#seq += 1;
    return body;
  }

  #statement() {
    const statement = {
      upToSeq: `${this.#seq - 1}`,
      runHash: this.#run.hex(),
      seen: `${this.#seq}`,
      dropped: '0',
    };
    return { ...statement, signature: this.#key.sign(this.#id, statement) };
  }
}
