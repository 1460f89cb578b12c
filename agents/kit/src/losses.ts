// What a stream has lost: the ledger's other side, and the gaps that are still to be told.
import type { ObservationOf } from '@sandtrail/schemas/observation';

/** Records that were lost before they were numbered. `count` 0 means: not known how many. */
export interface Loss {
  readonly source: string;
  readonly count: bigint;
  readonly firstNs: bigint;
  readonly lastNs: bigint;
  readonly reason: ObservationOf<'collector.gap'>['reason'];
  /** `host`: somewhere on the host, and so told in each live stream. `sandbox` unless told. */
  readonly scope?: 'sandbox' | 'host';
}

/** The losses of one stream. */
export class Losses {
  /** Gaps to tell, joined by source and reason: few, however many records they stand for. */
  #untold = new Map<string, Loss>();
  #dropped = 0n;

  /** All records that were lost so far. */
  get dropped(): bigint {
    return this.#dropped;
  }

  get hasUntold(): boolean {
    return this.#untold.size > 0;
  }

  add(loss: Loss): void {
    this.#dropped += loss.count;
    const key = `${loss.source} ${loss.reason} ${loss.scope ?? 'sandbox'} ${loss.count === 0n}`;
    const before = this.#untold.get(key);
    const joined = before === undefined ? loss : join(before, loss);
    if (before !== undefined || this.#untold.size < untoldMax) this.#untold.set(key, joined);
    else this.#addToSeveral(loss);
  }

  /** Past the bound of kinds of loss, sources are no longer told apart; counts stay right. */
  #addToSeveral(loss: Loss): void {
    const before = this.#untold.get(several);
    this.#untold.set(
      several,
      before === undefined ? { ...loss, source: several } : join(before, loss),
    );
  }

  /** The oldest untold gap; it stays untold until `told` is called with it. */
  oldest(): Loss | undefined {
    return this.#untold.values().next().value;
  }

  /** Takes a gap out, to be told now. */
  told(loss: Loss): void {
    for (const [key, each] of this.#untold) if (each === loss) this.#untold.delete(key);
  }

  /** Puts a gap back that could not be told; it is in `dropped` already. */
  putBack(loss: Loss): void {
    this.#dropped -= loss.count;
    this.add(loss);
  }
}

const untoldMax = 32;
const several = 'several';

function join(a: Loss, b: Loss): Loss {
  const times = [a.firstNs, b.firstNs, a.lastNs, b.lastNs].toSorted(ascending);
  const [firstNs = a.firstNs] = times;
  return { ...a, count: a.count + b.count, firstNs, lastNs: times.at(-1) ?? a.lastNs };
}

function ascending(a: bigint, b: bigint): number {
  return a < b ? -1 : Number(a > b);
}
