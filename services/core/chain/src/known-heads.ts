// The heads that rows are held against: sealed in the log, carried by a bundle, or kept outside.
import type { VerifyCode } from '@sandtrail/schemas/seal';
import { type Checkpoint, parseCheckpoint } from './checkpoint.ts';
import type { FindingLog } from './finding-log.ts';
import { hexOf } from './hash.ts';
import { parseNote, verifyNote } from './note.ts';
import type { VerifierKey } from './verifier-key.ts';

/** Where a head was found; only one from `outside` anchors. */
export type HeadSource = 'outside' | 'sealed' | 'bundle';

/** A checkpoint to hold rows against. */
export interface KnownHead extends Checkpoint {
  readonly source: HeadSource;
  /** Signed by a pinned key; false where the user pinned none. */
  readonly trusted: boolean;
}

/** Where a note was found. */
export interface NoteOrigin {
  readonly source: HeadSource;
  /** The sealed record that holds the note, where one does. */
  readonly chain: string | null;
  readonly position: bigint | null;
}

/** Heads kept for each chain; past it every second sealed one is let go, the last one never. */
const headsMax = 4096;
/** Chains for which heads are kept: a log that names more is not verified as a whole. */
const chainsMax = 16_384;

/** Known heads by chain, each list in order of size. */
export class KnownHeads {
  readonly #keys: readonly VerifierKey[] | undefined;
  readonly #findings: FindingLog;
  readonly #chains = new Map<string, KnownHead[]>();

  /** `keys` are those that the user pinned; undefined when no trust file was given. */
  constructor(keys: readonly VerifierKey[] | undefined, findings: FindingLog) {
    this.#keys = keys;
    this.#findings = findings;
  }

  /** Judges a note and keeps its head; returns it, or undefined where it may not be used. */
  addNote(text: string, origin: NoteOrigin): KnownHead | undefined {
    const note = parseNote(text);
    if (typeof note === 'string') return this.#refuse('bad_signature', note, origin);
    const checkpoint = parseCheckpoint(note.text);
    if (typeof checkpoint === 'string') return this.#refuse('bad_signature', checkpoint, origin);
    if (this.#keys !== undefined) {
      const verdict = verifyNote(note, this.#keys);
      if (verdict.code !== 'verified') {
        const detail = `checkpoint of size ${checkpoint.size}: ${verdict.detail}`;
        const about = { ...origin, chain: origin.chain ?? hexOf(checkpoint.chain) };
        return this.#refuse(verdict.code, detail, about);
      }
    }
    return this.#add({
      ...checkpoint,
      source: origin.source,
      trusted: this.#keys !== undefined,
    });
  }

  /** The heads of a chain (its id in hexadecimal), in order of size. */
  of(chain: string): readonly KnownHead[] {
    return this.#chains.get(chain) ?? [];
  }

  /** Every chain that a head names. */
  chains(): Iterable<string> {
    return this.#chains.keys();
  }

  #add(head: KnownHead): KnownHead | undefined {
    const chain = hexOf(head.chain);
    const heads = this.#chains.get(chain) ?? [];
    if (heads.length === 0 && this.#chains.size >= chainsMax) {
      const detail = `heads of more than ${chainsMax} chains: this one is not looked at`;
      this.#findings.count({ code: 'incomplete_export', chain: null, position: null, detail });
      return undefined;
    }
    this.#chains.set(chain, heads);
    const at = placeFor(heads, head.size);
    const other = heads[at]?.size === head.size ? heads[at] : undefined;
    if (other !== undefined && (other.root !== head.root || other.link !== head.link)) {
      const detail = `two heads of size ${head.size} are shown: ${other.source} and ${head.source}`;
      const position = head.size === 0n ? null : head.size - 1n;
      this.#findings.add({ code: 'equivocation', chain, position, detail });
      return undefined;
    }
    if (other === undefined) heads.splice(at, 0, head);
    else if (other.source !== 'outside') heads[at] = head;
    if (heads.length > headsMax) this.#chains.set(chain, thinned(heads));
    return head;
  }

  #refuse(code: VerifyCode, detail: string, { source, chain, position }: NoteOrigin): undefined {
    const where = source === 'outside' ? 'a head kept outside' : `a ${source} checkpoint`;
    this.#findings.add({ code, chain, position, detail: `${where}: ${detail}` });
  }
}

/** The index of the first head that is not smaller. */
function placeFor(heads: readonly KnownHead[], size: bigint): number {
  let low = 0;
  let high = heads.length;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((heads[middle]?.size ?? size) < size) low = middle + 1;
    else high = middle;
  }
  return low;
}

function thinned(heads: readonly KnownHead[]): KnownHead[] {
  const last = heads.length - 1;
  return heads.filter((head, i) => i % 2 === 0 || i === last || head.source === 'outside');
}
