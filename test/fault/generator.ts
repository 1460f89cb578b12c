// Load for a product under faults: a real kit and gateway client, and a note of all that was taken.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createGatewayClient } from '@sandtrail/kit/gateway-client';
import type { Kit } from '@sandtrail/kit/kit';
import type { Shipper } from '@sandtrail/kit/shipper';
import type { KitStream } from '@sandtrail/kit/stream';
import { keyFilesOf } from '@sandtrail/local/keys';
import { openKit, openScanner } from '@sandtrail/local/kits';
import type { Surroundings } from '@sandtrail/local/role';
import { newSandboxUid } from '@sandtrail/local/run-watched';
import { registerSandbox } from '@sandtrail/local/sandbox-door';
import type { Clock } from '@sandtrail/runtime/clock';
import type { SandboxUid } from '@sandtrail/schemas/scalars';

const everyMs = 20;
const recordsEach = 10;
/** Every so many records one is a denial that its detector tells in a finding of its own. */
const markerEach = 50;

/** What the gateway told its sender. */
interface Notes {
  /** Sequence numbers that it took. */
  readonly acknowledged: Set<bigint>;
  /** Batches of which nobody knew what became: they were sent again. */
  failures: number;
}

/** Emits some 500 records a second about a sandbox that exists in the log alone. */
export class Generator {
  readonly uid: SandboxUid;
  readonly notes: Notes;
  /** Denials that were emitted: number n stands for `marker<n>.com`. */
  markers = 0;
  readonly #parts: Parts;
  readonly #timer: NodeJS.Timeout;
  /** Records that it gave its kit. */
  emitted = 0;

  private constructor(parts: Parts) {
    this.uid = parts.uid;
    this.notes = parts.notes;
    this.#parts = parts;
    this.#timer = setInterval(() => this.#emit(), everyMs);
  }

  /** Registers its sandbox and begins. */
  static async start(surroundings: Surroundings): Promise<Generator> {
    const { layout, random, clock } = surroundings;
    const uid = newSandboxUid(random);
    const token = readFileSync(keyFilesOf(layout).hostToken, 'utf8');
    await registerSandbox({ layout, token }, { uid, incarnation: 0 });
    const notes: Notes = { acknowledged: new Set(), failures: 0 };
    const address = { socketPath: layout.gatewaySocket };
    const shipper = noting(createGatewayClient({ address, token }), notes);
    const dir = path.join(path.dirname(layout.root), 'generator');
    const plan = { collector: 'generator', dir, shipper, scanner: openScanner(layout) };
    const kit = openKit(surroundings, plan);
    const about = { sandbox: uid, incarnation: 0, mode: 'a test', blindSpots: [] };
    return new Generator({ uid, kit, shipper, notes, clock, stream: await kit.open(about) });
  }

  /** The stream's name. */
  get stream(): string {
    return this.#parts.stream.id;
  }

  /** Ends its stream; resolves with how many records it numbered, when all of them were taken. */
  async stop(): Promise<bigint> {
    const { kit, shipper, stream } = this.#parts;
    clearInterval(this.#timer);
    await kit.close('the test is over');
    await shipper.close();
    return stream.nextSeq;
  }

  #emit(): void {
    const { stream, clock } = this.#parts;
    for (let n = 0; n < recordsEach; n += 1) {
      this.emitted += 1;
      const observedAtNs = `${clock.nowNs()}`;
      if (this.emitted % markerEach !== 0) {
        const raw = `/usr/lib/x86_64-linux-gnu/lib-number-${this.emitted}.so`;
        const open = { path: { raw }, access: 'read', create: false, flags: 0 } as const;
        stream.emit({ kind: 'file.open', observedAtNs, ...open });
        continue;
      }
      this.markers += 1;
      const host = `marker${this.markers}.com`;
      const denied = { protocol: 'connect', destination: host, host } as const;
      stream.emit({ kind: 'network.denied', observedAtNs, ...denied, reason: 'not_allowed' });
    }
  }
}

interface Parts {
  readonly uid: SandboxUid;
  readonly kit: Kit;
  readonly stream: KitStream;
  readonly shipper: Shipper;
  readonly notes: Notes;
  readonly clock: Clock;
}

/** The same shipper, whose answers are noted. */
function noting(shipper: Shipper, notes: Notes): Shipper {
  return {
    async ship(records, signal) {
      const refused = await shipper.ship(records, signal).catch((error: unknown) => {
        notes.failures += 1;
        throw error;
      });
      const not = new Set(refused.map(({ index }) => index));
      records.forEach(({ body }, index) => {
        if (!not.has(index)) notes.acknowledged.add(seqOf(body));
      });
      return refused;
    },
    close: () => shipper.close(),
  };
}

function seqOf(body: Buffer): bigint {
  const { seq }: { seq: string } = JSON.parse(body.toString('utf8'));
  return BigInt(seq);
}
