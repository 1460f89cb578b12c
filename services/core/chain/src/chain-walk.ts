// Walks one chain's rows in order of position: every link recomputed, every break named once.
import type { VerifyCode } from '@sandtrail/schemas/seal';
import { CompactRange } from './compact-range.ts';
import { type Hash, hashOfBytes } from './hash.ts';
import { leafOfRow } from './leaf.ts';
import { nextLink } from './link.ts';
import { LinkRun, type Resync, type RunEntry, runRowsMax, sealedPos } from './link-run.ts';
import { RecentRows } from './recent-rows.ts';
import type { SealedRow } from './row.ts';

/** What the walk tells while it goes. */
export interface WalkEvents {
  found(code: VerifyCode, pos: bigint, detail: string): void;
  /** Honest repetitions, which are counted. */
  counted(code: VerifyCode, pos: bigint, detail: string): void;
  /** A row whose content is what was sealed. */
  sound(row: SealedRow): void;
  /** Positions from `from` to `to` cannot be relied on. */
  damaged(from: bigint, to: bigint): void;
  /** The code for positions that are missing, where the caller knows why they are. */
  gapCode(from: bigint, to: bigint): VerifyCode;
}

interface Gap {
  readonly from: bigint;
  readonly to: bigint;
  cameLate: bigint;
}

const gapsMax = 1024;

/** One walk over one chain. */
export class ChainWalk {
  readonly #events: WalkEvents;
  readonly #recent = new RecentRows();
  readonly #gaps: Gap[] = [];
  #range = new CompactRange();
  #treeSound = true;
  /** The link before the next row; undefined where a gap has made it unknown. */
  #link: Hash | undefined;
  /** Links of rival rows at the last position, which the next row may follow instead. */
  #rivalLinks: Hash[] = [];
  #next = 0n;
  #offset: bigint | undefined;
  #shift = 0n;
  #run: LinkRun | undefined;
  /** Rows since the last stored link that could be compared. */
  #unlinkedFrom: bigint | undefined;

  constructor(genesisLink: Hash, events: WalkEvents) {
    this.#link = genesisLink;
    this.#events = events;
  }

  /** The position after the last row. */
  get next(): bigint {
    return this.#next;
  }

  /** The link after the last row, where it is known. */
  get link(): Hash | undefined {
    return this.#run?.last.stored ?? this.#link;
  }

  /** The tree over all rows, or undefined where some of them are missing or not what was sealed. */
  get tree(): CompactRange | undefined {
    return this.#treeSound && this.#run === undefined ? this.#range : undefined;
  }

  /** Takes the next row; earlier positions may repeat, later ones leave a gap. */
  step(row: SealedRow): void {
    const entry = { row, leaf: leafOfRow(row), stored: storedLink(row) };
    if (row.pos < this.#next) {
      this.#repeated(entry);
      return;
    }
    if (row.pos > this.#next) this.#gap(row.pos);
    this.#recent.add(entry);
    this.#next = row.pos + 1n;
    if (this.#run === undefined) this.#judge(entry);
    else this.#judgeInRun(entry, this.#run);
  }

  /** Ends the walk: names what could not be told before. */
  end(): void {
    this.#endRun();
    for (const { from, to, cameLate } of this.#gaps) {
      const missing = to - from + 1n;
      const range = from === to ? `position ${from} is` : `positions ${from} to ${to} are`;
      if (cameLate >= missing)
        this.#events.found(
          'incomplete_export',
          from,
          `${range} too far out of order to be checked`,
        );
      else this.#events.found(this.#events.gapCode(from, to), from, `${range} missing`);
    }
  }

  #judge(entry: RunEntry): void {
    const { row, leaf, stored } = entry;
    const pos = sealedPos(row.pos, this.#shift);
    if (this.#link === undefined) {
      this.#accept(entry, stored);
      return;
    }
    const computed = nextLink(this.#link, pos, leaf);
    const rival = this.#rivalLinks.some((link) => nextLink(link, pos, leaf) === stored);
    if (stored === undefined || stored === computed || rival) {
      this.#accept(entry, stored ?? computed);
      return;
    }
    const start = {
      link: this.#link,
      offset: this.#offset,
      range: this.#range.state(),
      shift: this.#shift,
    };
    this.#run = new LinkRun(start, entry);
    this.#range.append(leaf);
    this.#offset = row.offset;
  }

  #judgeInRun(entry: RunEntry, run: LinkRun): void {
    const resync = run.resync(entry);
    if (resync === undefined) {
      run.add(entry);
      this.#range.append(entry.leaf);
      this.#offset = entry.row.offset;
      return;
    }
    this.#closeRun(run, resync);
    this.#accept(entry, entry.stored);
  }

  /** A row that follows: its offset must too. */
  #accept({ row, leaf, stored }: RunEntry, link: Hash | undefined): void {
    const expected = this.#offset === undefined ? undefined : this.#offset + 1n;
    if (expected !== undefined && row.offset > expected) {
      const detail = `the log lost offsets ${expected} to ${row.offset - 1n} before this row`;
      this.#events.found('offset_gap', row.pos, detail);
    } else if (expected !== undefined && row.offset < expected) {
      this.#events.found(
        'link_mismatch',
        row.pos,
        `offset ${row.offset} comes after ${this.#offset}`,
      );
    }
    this.#offset = row.offset;
    this.#link = link;
    this.#rivalLinks = [];
    this.#range.append(leaf);
    if (stored !== undefined) this.#unlinkedFrom = undefined;
    else this.#unlinkedFrom ??= row.pos;
    this.#events.sound(row);
  }

  #gap(pos: bigint): void {
    this.#endRun();
    const gap = { from: this.#next, to: pos - 1n, cameLate: 0n };
    this.#events.damaged(gap.from, gap.to);
    if (this.#gaps.length < gapsMax) this.#gaps.push(gap);
    else this.#events.found(this.#events.gapCode(gap.from, gap.to), gap.from, 'positions missing');
    this.#treeSound = false;
    this.#link = undefined;
    this.#offset = undefined;
  }

  /** A position that came before: the same row again, a rival, or one far out of order. */
  #repeated(entry: RunEntry): void {
    const { pos } = entry.row;
    const seen = this.#recent.at(pos);
    if (seen === undefined) {
      this.#late(pos);
      return;
    }
    const sameLink =
      seen.stored === undefined || entry.stored === undefined || seen.stored === entry.stored;
    if (seen.leaf === entry.leaf && sameLink) {
      this.#events.counted('benign_duplicate', pos, 'an identical row stands twice');
      return;
    }
    this.#events.found('fork', pos, 'two different rows claim this position');
    this.#events.damaged(pos, pos);
    if (pos !== this.#next - 1n || entry.stored === undefined) return;
    if (this.#run === undefined) this.#rivalLinks = [...this.#rivalLinks, entry.stored].slice(0, 4);
    else this.#adoptRival(entry, entry.stored, this.#run);
  }

  /** When the first row at a position did not follow and its rival does, the rival is the row. */
  #adoptRival(entry: RunEntry, stored: Hash, run: LinkRun): void {
    const { start } = run;
    if (run.length !== 1) return;
    if (nextLink(start.link, sealedPos(entry.row.pos, start.shift), entry.leaf) !== stored) return;
    this.#run = undefined;
    this.#range = new CompactRange(start.range);
    this.#offset = start.offset;
    this.#recent.add(entry);
    this.#accept(entry, stored);
  }

  #late(pos: bigint): void {
    const gap = this.#gaps.find(({ from, to }) => from <= pos && pos <= to);
    if (gap === undefined)
      this.#events.found(
        'incomplete_export',
        pos,
        'this row is too far out of order to be checked',
      );
    else gap.cameLate += 1n;
  }

  #closeRun(run: LinkRun, { kind, shift }: Resync): void {
    this.#run = undefined;
    this.#shift = shift;
    // What was changed may be an offset, so the next one is not measured by it.
    if (kind !== 'links') this.#offset = undefined;
    this.#nameRun(run, kind);
  }

  #endRun(): void {
    const run = this.#run;
    if (run === undefined) return;
    this.#run = undefined;
    this.#link = run.last.stored;
    this.#nameRun(run, run.isInPlace ? 'content' : 'order');
  }

  #nameRun(run: LinkRun, kind: Resync['kind']): void {
    const { firstPos, entries, length } = run;
    const last = run.last.row.pos;
    const long = length > runRowsMax;
    if (kind !== 'links' || long) {
      this.#treeSound = false;
      this.#events.damaged(firstPos, last);
    }
    const since =
      this.#unlinkedFrom === undefined
        ? ''
        : `, or one since position ${this.#unlinkedFrom}, where links have expired`;
    if (long || kind === 'order' || kind === 'shifted') {
      const detail = `${runDetails[kind]}, from position ${firstPos} to ${last}${since}`;
      this.#events.found('link_mismatch', firstPos, detail);
      return;
    }
    const code = kind === 'links' ? 'link_mismatch' : 'leaf_mismatch';
    for (const { row } of entries) {
      this.#events.found(code, row.pos, `${runDetails[kind]}${since}`);
      if (kind === 'links') this.#events.sound(row);
    }
  }
}

const runDetails: Readonly<Record<Resync['kind'], string>> = {
  content: 'the stored header, body or offset is not what was sealed at this position',
  links: 'the stored link is not the one that was sealed at this position',
  order: 'order or history changed',
  shifted: 'rows were put in or taken out, and the rest renumbered',
};

function storedLink(row: SealedRow): Hash | undefined {
  // A link of another length than 32 bytes cannot match: it is kept as something that never does.
  return row.link === undefined ? undefined : (hashOfBytes(row.link) ?? '');
}
