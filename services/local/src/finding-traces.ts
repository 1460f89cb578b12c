// One trace for each finding: observed, received, logged, judged, sealed, and what containment came of it.
import type { LogReader } from '@sandtrail/bus/bus';
import type { Found } from '@sandtrail/detector/detector';
import { followPlace } from '@sandtrail/responder/follow-place';
import type { Clock } from '@sandtrail/runtime/clock';
import { type FindingStep, noSpans, type Spans } from '@sandtrail/runtime/spans';
import { type Body, Body as BodyOfLog } from '@sandtrail/schemas/events';
import type { Finding } from '@sandtrail/schemas/finding';
import { decodeFrame } from '@sandtrail/schemas/frame';
import type { Block } from '@sandtrail/store/store';

interface TraceParts {
  readonly spans: Spans;
  readonly clock: Clock;
}

/** Findings whose evidence is not sealed yet, and requests whose results may still come. */
const waitingMax = 1_024;
const earlyActsMax = 16;

interface Unsealed {
  readonly finding: string;
  readonly offset: bigint;
  readonly appendedAtNs: bigint;
}

/**
 * Hears what the parts of the core do and tells it as steps. Nothing of it goes into the log: the
 * trace's id is a part of the finding's, which every process knows.
 */
export class FindingTraces {
  readonly #parts: TraceParts;
  readonly #unsealed = new Map<string, Unsealed[]>();
  readonly #sealed = new Map<string, { readonly offset: bigint; readonly atNs: bigint }>();
  /** By incident: the host's own reflex may come before the finding that it belongs to. */
  readonly #known = new Map<string, { readonly finding: string; readonly foundNs: bigint }>();
  readonly #early = new Map<string, readonly Act[]>();
  /** By request: its incident, and when it was made. */
  readonly #requests = new Map<string, { readonly incident: string; readonly atNs: bigint }>();

  constructor(parts: TraceParts) {
    this.#parts = parts;
  }

  /** Findings of one record, durable in the log. */
  found({ partition, origin, frames }: Found): void {
    const { spans, clock } = this.#parts;
    if (spans === noSpans) return;
    const { observedAtNs, receivedAtNs, appendedAtMs, offset } = origin;
    const appendedAtNs = BigInt(Math.round(appendedAtMs)) * 1_000_000n;
    const nowNs = clock.nowNs();
    for (const frame of frames) {
      const body = bodyOf(Buffer.from(frame));
      if (body?.kind !== 'finding') continue;
      const { id: finding, detector, severity, sandbox } = body.finding;
      const fields = { detector, severity, sandbox };
      const root = { name: 'finding', startNs: observedAtNs, endNs: nowNs, fields };
      spans.step({ finding, ...root, isRoot: true });
      const step = (name: string, startNs: bigint, endNs: bigint) =>
        spans.step({ finding, name, startNs, endNs });
      step('observe', observedAtNs, receivedAtNs);
      step('log', receivedAtNs, appendedAtNs);
      step('judge', appendedAtNs, nowNs);
      for (const incident of incidentsOf(body.finding)) {
        remember(this.#known, incident, { finding, foundNs: nowNs });
        for (const act of this.#early.get(incident) ?? []) this.#tell(incident, act);
        this.#early.delete(incident);
      }
      this.#awaitSeal(`events-${partition}`, { finding, offset, appendedAtNs });
    }
  }

  /** Rows of one place that are durable. */
  sealed({ topic, partition, rows }: Block): void {
    const last = rows.at(-1)?.offset;
    if (last === undefined || this.#parts.spans === noSpans) return;
    const place = `${topic}-${partition}`;
    this.#sealed.set(place, { offset: last, atNs: this.#parts.clock.nowNs() });
    const waiting = this.#unsealed.get(place);
    if (waiting === undefined) return;
    this.#unsealed.set(place, []);
    for (const each of waiting) this.#awaitSeal(place, each);
  }

  /** Follows what is written about containment from now on, until the signal aborts. */
  async follow(reader: LogReader, signal: AbortSignal): Promise<void> {
    if (this.#parts.spans === noSpans) return;
    const place = { topic: 'containment', partition: 0 } as const;
    const { next: from } = await reader.bounds(place);
    await followPlace({ reader, place, from, signal }, ({ value }) => this.#contained(value));
  }

  #awaitSeal(place: string, unsealed: Unsealed): void {
    const { finding, offset, appendedAtNs: startNs } = unsealed;
    const sealed = this.#sealed.get(place);
    if (sealed !== undefined && sealed.offset >= offset) {
      this.#parts.spans.step({ finding, name: 'seal', startNs, endNs: sealed.atNs });
      return;
    }
    const waiting = this.#unsealed.get(place) ?? [];
    this.#unsealed.set(place, [...waiting, unsealed].slice(-waitingMax));
  }

  #contained(frame: Buffer): void {
    const body = bodyOf(frame);
    if (body === undefined) return;
    const endNs = body.observedAtNs;
    if (body.kind === 'containment.requested') {
      const { id, sandbox, incarnation, requestedAtNs: atNs, level } = body.request;
      const incident = `${sandbox}:${incarnation}:${body.request.incident}`;
      remember(this.#requests, id, { incident, atNs });
      const fields = { level, awaiting: body.awaiting ?? 'nobody' };
      this.#tell(incident, { name: 'respond', startNs: undefined, endNs, fields });
    } else if ('result' in body && typeof body.result === 'object') {
      const { requestId, level, state, check } = body.result;
      const request = this.#requests.get(requestId);
      if (request === undefined) return;
      const fields = { level, state, check };
      this.#tell(request.incident, { name: 'contain', startNs: request.atNs, endNs, fields });
    }
  }

  #tell(incident: string, act: Act): void {
    const known = this.#known.get(incident);
    if (known !== undefined) {
      const { finding, foundNs } = known;
      this.#parts.spans.step({ finding, ...act, startNs: act.startNs ?? foundNs });
      return;
    }
    const early = this.#early.get(incident) ?? [];
    remember(this.#early, incident, [...early, act].slice(-earlyActsMax));
  }
}

/** A step of containment; one that has no start of its own starts with the finding. */
interface Act extends Omit<FindingStep, 'finding' | 'startNs'> {
  readonly startNs: bigint | undefined;
}

/** What a request says that answers this finding: the responder's, and the host's own reflex. */
function incidentsOf(finding: Finding): readonly string[] {
  const { id, sandbox, incarnation, dedupeKey } = finding;
  const reflex = `fast:${dedupeKey}`.slice(0, 128).toWellFormed();
  return [`finding:${id}`, reflex].map((incident) => `${sandbox}:${incarnation}:${incident}`);
}

/** The finding that a containment answers, as the responder writes it; none when a person asked. */
export function findingOfIncident(incident: string): string | undefined {
  return /^finding:([0-9a-f]{64})$/.exec(incident)?.[1];
}

function bodyOf(bytes: Buffer): Body | undefined {
  const frame = decodeFrame(bytes);
  if (typeof frame === 'string') return undefined;
  return BodyOfLog.safeParse(JSON.parse(Buffer.from(frame.body).toString('utf8'))).data;
}

function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > waitingMax && oldest !== undefined) map.delete(oldest);
}
