// Reads an export bundle line by line: its chains as the verifier takes them, and what is damaged.
import { type BundleChain, BundleManifest, BundleRow } from '@sandtrail/schemas/bundle';
import { decodeBase64 } from './ed25519.ts';
import type { VerifyFinding } from './finding-log.ts';
import type { SealedRow } from './row.ts';
import { lineSizeMax } from './split-lines.ts';
import type { ChainSource } from './verify-chain.ts';

/** Damaged lines that are named one by one; the rest are counted. */
const namedMax = 64;

interface ReadRow {
  readonly c: number;
  readonly row: SealedRow;
}

/** What was read of one chain. */
interface Section {
  readonly stated: BundleChain;
  rows: number;
  last: bigint | undefined;
}

/** One bundle, read once from its first line to its last. */
export class BundleReader {
  readonly #lines: AsyncIterator<string>;
  readonly #damage: string[] = [];
  #damaged = 0;
  #lineNumber = 0;
  #sections: readonly Section[] = [];
  #ahead: ReadRow | undefined;

  /** `lines` come without their newlines. */
  constructor(lines: AsyncIterable<string>) {
    this.#lines = lines[Symbol.asyncIterator]();
  }

  /** Reads the first line; undefined when this is no bundle. Call it once, before all else. */
  async manifest(): Promise<BundleManifest | undefined> {
    const line = await this.#nextLine();
    const parsed = BundleManifest.safeParse(line === undefined ? undefined : parsedLine(line));
    if (!parsed.success) return undefined;
    this.#sections = parsed.data.chains.map((stated) => ({ stated, rows: 0, last: undefined }));
    return parsed.data;
  }

  /** The chains in the manifest's order; read each one's rows to the end before the next. */
  async *chains(): AsyncGenerator<ChainSource> {
    for (const [c, section] of this.#sections.entries()) {
      const { chain, log, topic, partition, count } = section.stated;
      yield {
        identity: { log, topic, partition },
        chain,
        rows: this.#rowsOf(c, section),
        incomplete: (missing) =>
          BigInt(this.#damaged) >= missing || (section.rows === 0 && count > 0n),
      };
    }
    for (let left = await this.#nextRow(); left !== undefined; left = await this.#nextRow())
      this.#damagedLine('is of a chain that the manifest does not have in this place');
  }

  /** What is missing or damaged; complete once `chains` has been read to its end. */
  findings(): readonly VerifyFinding[] {
    const unread = this.#damaged - this.#damage.length;
    const details = unread === 0 ? this.#damage : [...this.#damage, `and ${unread} lines more`];
    const lines = details.map((detail) => finding(detail));
    const short = this.#sections.flatMap(({ stated, rows, last }) => {
      const { chain, topic, partition, first, count } = stated;
      if (count === 0n || (last !== undefined && last + 1n >= first + count)) return [];
      const detail = `the bundle has ${rows} rows of ${topic}/${partition}, its manifest states ${count}`;
      return [{ ...finding(detail), chain, position: last ?? null }];
    });
    return [...lines, ...short];
  }

  async *#rowsOf(c: number, section: Section): AsyncGenerator<SealedRow> {
    for (let next = await this.#nextRow(); next !== undefined; next = await this.#nextRow()) {
      if (next.c > c) {
        this.#ahead = next;
        return;
      }
      if (next.c < c) {
        this.#damagedLine('is of a chain whose rows had ended');
        continue;
      }
      section.rows += 1;
      if (section.last === undefined || next.row.pos > section.last) section.last = next.row.pos;
      yield next.row;
    }
  }

  async #nextRow(): Promise<ReadRow | undefined> {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    if (ahead !== undefined) return ahead;
    for (let line = await this.#nextLine(); line !== undefined; line = await this.#nextLine()) {
      const row = parseRow(line);
      if (row !== undefined) return row;
      if (line.trim() !== '') this.#damagedLine('is not a row');
    }
    return undefined;
  }

  async #nextLine(): Promise<string | undefined> {
    const { done, value } = await this.#lines.next();
    if (done === true) return undefined;
    this.#lineNumber += 1;
    return value;
  }

  #damagedLine(what: string): void {
    this.#damaged += 1;
    if (this.#damage.length < namedMax) this.#damage.push(`line ${this.#lineNumber} ${what}`);
  }
}

/** A finding that the export is incomplete, about the bundle as a whole. */
export function finding(detail: string): VerifyFinding {
  return { code: 'incomplete_export', chain: null, position: null, detail };
}

function parseRow(line: string): ReadRow | undefined {
  const parsed = BundleRow.safeParse(parsedLine(line));
  if (!parsed.success) return undefined;
  const { c, pos, offset, link } = parsed.data;
  const header = partOf(parsed.data.header, parsed.data.headerBase64);
  const body = partOf(parsed.data.body, parsed.data.bodyBase64);
  if (header === undefined || body === undefined) return undefined;
  const linkBytes = link === undefined ? undefined : Buffer.from(link, 'base64');
  return { c, row: { pos, offset, header, body, link: linkBytes } };
}

/** Exactly one of the two forms must be there. */
function partOf(text: string | undefined, base64: string | undefined): Buffer | undefined {
  if (text !== undefined) return base64 === undefined ? Buffer.from(text) : undefined;
  return base64 === undefined ? undefined : decodeBase64(base64);
}

function parsedLine(line: string): unknown {
  if (line.length > lineSizeMax) return undefined;
  try {
    return JSON.parse(line);
  } catch (error) {
    // A cut or damaged line is no JSON; the caller counts it and names its number.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
