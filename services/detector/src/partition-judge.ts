// Judges one partition: frames in, finding frames out, with a state that can be saved and restored.
import type { LogRecord } from '@sandtrail/bus/bus';
import type { Bundle } from '@sandtrail/detection/bundle';
import { createEngine, type Engine } from '@sandtrail/detection/engine';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { Body } from '@sandtrail/schemas/events';
import { decodeFrame } from '@sandtrail/schemas/frame';
import { Header } from '@sandtrail/schemas/header';
import { quickSchema } from '@sandtrail/schemas/quick-schema';
import { Uint64 } from '@sandtrail/schemas/scalars';
import * as z from 'zod';
import { findingFrame } from './finding-frame.ts';
import type { Judged } from './messages.ts';

const Saved = z.strictObject({
  v: z.literal(1),
  engine: z.string(),
  numbers: z.array(z.tuple([z.string(), Uint64])),
});

/** Lives whose numbering is remembered; more than the engine remembers sandboxes. */
const numbersMax = 16_384;

/** One partition's engine and numbering. */
export class PartitionJudge {
  readonly #partition: number;
  readonly #engine: Engine;
  readonly #numbers = new Map<string, bigint>();
  #unreadable = 0;
  #counted: Judged = { records: 0, unreadable: 0, repeated: 0, suppressed: 0, evicted: 0 };

  constructor(partition: number, bundle: Bundle) {
    this.#partition = partition;
    this.#engine = createEngine({ bundle });
  }

  /** What was done since this was asked last. */
  takeCounts(): Judged {
    const { events, repeated, suppressed, evicted } = this.#engine.counts();
    const now = {
      records: events + this.#unreadable,
      unreadable: this.#unreadable,
      repeated,
      suppressed,
      evicted,
    };
    const before = this.#counted;
    this.#counted = now;
    return {
      records: now.records - before.records,
      unreadable: now.unreadable - before.unreadable,
      repeated: now.repeated - before.repeated,
      suppressed: now.suppressed - before.suppressed,
      evicted: now.evicted - before.evicted,
    };
  }

  /** The findings of one record, as frames, in order. */
  step({ value }: LogRecord): readonly Buffer[] {
    const event = readEvent(value);
    if (event === undefined) {
      this.#unreadable += 1;
      return [];
    }
    return this.#engine.step(event).map((finding) => {
      const life = `${finding.sandbox}:${finding.incarnation}`;
      const seq = this.#numbers.get(life) ?? 0n;
      this.#numbers.delete(life);
      this.#numbers.set(life, seq + 1n);
      const [oldest] = this.#numbers.keys();
      if (this.#numbers.size > numbersMax && oldest !== undefined) this.#numbers.delete(oldest);
      return findingFrame(finding, { partition: this.#partition, seq });
    });
  }

  /** Everything that later findings depend on. */
  save(): string {
    const numbers = [...this.#numbers].map(([life, seq]) => [life, seq.toString()]);
    return JSON.stringify({ v: 1, engine: this.#engine.snapshot(), numbers });
  }

  /** @throws SandtrailError `SNAPSHOT_INVALID` when the text is damaged or another bundle's. */
  restore(text: string): void {
    const parsed = Saved.safeParse(parseJson(text));
    if (!parsed.success) {
      throw new SandtrailError('SNAPSHOT_INVALID', { detail: z.prettifyError(parsed.error) });
    }
    this.#engine.restore(parsed.data.engine);
    for (const [life, seq] of parsed.data.numbers) this.#numbers.set(life, seq);
  }
}

const headers = quickSchema(Header);
const bodies = quickSchema(Body);

function readEvent(value: Buffer) {
  const frame = decodeFrame(value);
  if (typeof frame === 'string') return undefined;
  const bodyText = frame.body.toString('utf8');
  const header = headers.read(parseJson(frame.header.toString('utf8')));
  const body = bodies.read(parseJson(bodyText));
  return header && body && { header, body, bodyText };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
