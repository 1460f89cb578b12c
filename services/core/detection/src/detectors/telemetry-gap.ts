// Detects holes in what is recorded: losses, silent or killed collectors, records that never came.
import { Uint64 } from '@sandtrail/schemas/scalars';
import { parseStream } from '@sandtrail/schemas/stream';
import * as z from 'zod';
import { BoundedMap } from '../bounded-map.ts';
import type { ActOf, DetectionEvent } from '../detection-event.ts';
import { type Detection, type DetectorRun, defineDetector } from '../detector.ts';
import { everyKind } from '../every-kind.ts';
import { telemetryGapExamples } from '../examples/telemetry-gap.ts';
import { quote } from '../quote.ts';
import type { SandboxView } from '../sandbox-view.ts';

const Config = z.strictObject({
  /** A collector that heartbeats every 5 s is silent after this long. */
  silenceMs: z.int().min(1000).default(20_000),
  /** A started sandbox without any kernel collector for this long is unwatched. */
  unwatchedMs: z.int().min(1000).default(20_000),
  /** How long after the sandbox's end its last records may still arrive. */
  settleMs: z.int().min(0).default(15_000),
  /** Losses up to this share of what was seen are within the budget of a busy machine. */
  lossRatioMax: z.number().min(0).max(1).default(0.01),
  /** Largest step back in a stream's own time before it counts as a jump. */
  jumpBackMs: z.int().min(0).default(5000),
  streamsMax: z.int().min(1).default(64),
  repeatMs: z.int().min(0).default(60_000),
});
type Config = z.infer<typeof Config>;

/** Collectors that see what programs do, one of which every sandbox needs. */
const kernelCollectors = new Set([
  'ebpf',
  'proc',
  'strace',
  'audit',
  'gvisor',
  'tetragon',
  'falco',
  'tracee',
]);

const StreamFacts = z.object({
  lastNs: Uint64,
  observedNs: Uint64,
  lastSeq: Uint64,
  /** A collector with heartbeats: its silence means something. */
  started: z.boolean(),
  stopped: z.boolean(),
});
type StreamFacts = z.infer<typeof StreamFacts>;

const State = z.strictObject({
  streams: z.array(z.tuple([z.string(), StreamFacts])),
  promised: z.array(z.tuple([z.string(), Uint64])),
  seen: z.int(),
  lost: z.int(),
});

/** Impairing defences and removing traces (T1562.001, T1562.006; OWASP Agentic T8). */
export const telemetryGap = defineDetector({
  name: 'telemetry-gap',
  version: 1,
  techniques: [
    { framework: 'attack', id: 'T1562.001' },
    { framework: 'attack', id: 'T1562.006' },
    { framework: 'owasp-agentic', id: 'T8' },
  ],
  kinds: everyKind,
  scope: 'stateful',
  config: Config,
  start: (config) => new GapRun(config),
  examples: telemetryGapExamples,
});

type Found = Omit<Detection, 'windowMs' | 'confidence'>;
type Tell = (found: Found) => void;

class GapRun implements DetectorRun {
  readonly #config: Config;
  readonly #streams: BoundedMap<StreamFacts>;
  /** What `sandbox.destroyed` said about each stream's last record. */
  readonly #promised = new BoundedMap<bigint>(16);
  #seen = 0;
  #lost = 0;

  constructor(config: Config) {
    this.#config = config;
    this.#streams = new BoundedMap(config.streamsMax);
  }

  step(event: DetectionEvent, sandbox: SandboxView, emit: (detection: Detection) => void): void {
    const windowMs = this.#config.repeatMs;
    const tell: Tell = (found) => emit({ ...found, windowMs, confidence: 'high' });
    if (event.act.kind === 'control.tick') this.#judgeSilence(event.timeNs, { sandbox, tell });
    else if (event.stream !== undefined) this.#judgeRecord(event, { stream: event.stream, tell });
  }

  snapshot(): unknown {
    return z.encode(State, {
      streams: this.#streams.entries(),
      promised: this.#promised.entries(),
      seen: this.#seen,
      lost: this.#lost,
    });
  }

  restore(value: unknown): void {
    const state = State.parse(value);
    this.#streams.fill(state.streams);
    this.#promised.fill(state.promised);
    this.#seen = state.seen;
    this.#lost = state.lost;
  }

  #judgeRecord(event: DetectionEvent, { stream, tell }: { stream: string; tell: Tell }): void {
    const { act, timeNs, missing } = event;
    this.#seen += 1;
    if (missing > 0n) tell(describeHole(stream, missing));
    const facts = this.#factsOf(stream);
    const observedNs = BigInt(act.observedAtNs);
    const backMs = Number(facts.observedNs - observedNs) / 1e6;
    if (backMs > this.#config.jumpBackMs) tell(describeJump(stream, backMs));
    if (timeNs > facts.lastNs) facts.lastNs = timeNs;
    if (observedNs > facts.observedNs) facts.observedNs = observedNs;
    if ('seq' in act) facts.lastSeq = act.seq;
    switch (act.kind) {
      case 'collector.started':
        this.#noteStart(stream, tell);
        facts.started = true;
        return;
      case 'collector.stopped':
        facts.stopped = true;
        return;
      case 'collector.gap':
        this.#judgeGap(act, { stream, tell });
        return;
      case 'sandbox.destroyed':
        for (const end of act.streams) this.#promised.set(end.stream, BigInt(end.lastSeq));
        return;
      default:
    }
  }

  #factsOf(stream: string): StreamFacts {
    const known = this.#streams.get(stream);
    if (known !== undefined) return known;
    const facts = { lastNs: 0n, observedNs: 0n, lastSeq: 0n, started: false, stopped: false };
    this.#streams.set(stream, facts);
    return facts;
  }

  /** A collector that comes back under a new epoch, without having closed the old one, had died. */
  #noteStart(stream: string, tell: Tell): void {
    const { collector, node, epoch } = parseStream(stream);
    for (const [name, facts] of this.#streams.entries()) {
      const other = parseStream(name);
      if (other.collector !== collector || other.node !== node || other.epoch >= epoch) continue;
      if (facts.started && !facts.stopped)
        tell(describeDeath(collector, `epoch ${other.epoch} ended without closing`));
      facts.stopped = true;
    }
  }

  #judgeGap(act: ActOf<'collector.gap'>, { stream, tell }: { stream: string; tell: Tell }): void {
    const { collector } = parseStream(stream);
    if (act.reason === 'collector_died') {
      tell(describeDeath(collector, `${quote(act.source)} reported it`));
      return;
    }
    const count = Number(act.count);
    this.#lost += count;
    const ratio = this.#lost / (this.#seen + this.#lost);
    const inBudget = count > 0 && ratio <= this.#config.lossRatioMax;
    tell({
      title: 'Records lost',
      explanation: `The collector ${quote(collector)} lost ${count === 0 ? 'an unknown number of' : count} records (${act.reason}); ${this.#lost} of ${this.#seen + this.#lost} are lost by now.`,
      severity: inBudget || act.scope === 'host' ? 'low' : 'medium',
      recommend: { act: 'watch' },
      dedupeKey: `lost:${collector}:${act.reason}:${inBudget ? 'in' : 'over'}`,
    });
  }

  #judgeSilence(nowNs: bigint, { sandbox, tell }: { sandbox: SandboxView; tell: Tell }): void {
    if (sandbox.createdNs === undefined) return;
    if (sandbox.destroyedNs !== undefined) {
      const settledNs = sandbox.destroyedNs + msToNs(this.#config.settleMs);
      if (nowNs >= settledNs) this.#judgeEnds(tell);
      return;
    }
    if (sandbox.paused) return;
    for (const [stream, facts] of this.#streams.entries()) {
      const silentNs = nowNs - facts.lastNs;
      if (!facts.started || facts.stopped || silentNs < msToNs(this.#config.silenceMs)) continue;
      tell(describeSilence(stream, silentNs));
    }
    const { startedNs } = sandbox;
    if (startedNs === undefined || nowNs < startedNs + msToNs(this.#config.unwatchedMs)) return;
    const watched = this.#streams
      .entries()
      .some(
        ([stream, { stopped }]) => !stopped && kernelCollectors.has(parseStream(stream).collector),
      );
    if (!watched) tell(describeUnwatched(nowNs - startedNs));
  }

  #judgeEnds(tell: Tell): void {
    for (const [stream, promised] of this.#promised.entries()) {
      const last = this.#streams.get(stream)?.lastSeq;
      if (last === undefined || last < promised) tell(describeTail(stream, { last, promised }));
      this.#promised.delete(stream);
    }
  }
}

function msToNs(ms: number): bigint {
  return BigInt(ms) * 1_000_000n;
}

function describeHole(stream: string, missing: bigint): Found {
  return {
    title: 'Records missing',
    explanation: `${missing} records of the stream ${quote(stream)} were numbered and never arrived.`,
    severity: 'high',
    recommend: { act: 'approve', level: 'L2' },
    dedupeKey: `hole:${stream}`,
  };
}

function describeJump(stream: string, backMs: number): Found {
  return {
    title: 'Time went backwards',
    explanation: `The clock of the stream ${quote(stream)} stepped back by ${(backMs / 1000).toFixed(1)} s.`,
    severity: 'low',
    recommend: { act: 'watch' },
    dedupeKey: `jump:${stream}`,
  };
}

function describeDeath(collector: string, how: string): Found {
  return {
    title: 'Collector died',
    explanation: `The collector ${quote(collector)} ended while the sandbox went on: ${how}; what happened meanwhile was not seen.`,
    severity: 'high',
    recommend: { act: 'approve', level: 'L2' },
    dedupeKey: `died:${collector}`,
  };
}

function describeSilence(stream: string, silentNs: bigint): Found {
  return {
    title: 'Collector silent',
    explanation: `The stream ${quote(stream)} has said nothing for ${silentNs / 1_000_000_000n} s, not even a heartbeat.`,
    severity: 'high',
    recommend: { act: 'approve', level: 'L2' },
    dedupeKey: `silent:${stream}`,
  };
}

function describeUnwatched(sinceNs: bigint): Found {
  return {
    title: 'Sandbox unwatched',
    explanation: `No kernel collector watches the sandbox, ${sinceNs / 1_000_000_000n} s after its start.`,
    severity: 'high',
    recommend: { act: 'approve', level: 'L2' },
    dedupeKey: 'unwatched',
  };
}

function describeTail(
  stream: string,
  { last, promised }: { readonly last: bigint | undefined; readonly promised: bigint },
): Found {
  return {
    title: 'Records missing at the end',
    explanation: `The stream ${quote(stream)} was to end at record ${promised}; the last that arrived is ${last ?? 'none'}.`,
    severity: 'high',
    recommend: { act: 'approve', level: 'L2' },
    dedupeKey: `tail:${stream}`,
  };
}
