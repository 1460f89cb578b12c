// Rebuilds the responder's state from the containment topic: standings, what waits, what was unfinished.

import type { LogRecord } from '@sandtrail/bus/bus';
import type { Counters } from '@sandtrail/runtime/counters';
import type { ContainmentRequest, ContainmentResult } from '@sandtrail/schemas/containment';
import { Body, type BodyOf } from '@sandtrail/schemas/events';
import { decodeFrame } from '@sandtrail/schemas/frame';
import { begin, finish, settle } from './ladder.ts';
import type { RecentIds } from './recent-ids.ts';
import type { MadeRequest, RequestSigner } from './request-signing.ts';
import type { Standings } from './standings.ts';

interface ReplayOptions {
  readonly signer: RequestSigner;
  readonly standings: Standings;
  readonly known: RecentIds;
  readonly counters: Counters;
  /** Hears of every automatic act, for the blast radius. */
  readonly onAutomatic: (atNs: bigint) => void;
}

/** A request that was written ahead and has no end yet. */
export interface Unfinished {
  readonly made: MadeRequest;
  readonly results: readonly ContainmentResult[];
}

/** Takes records in log order. What the host did by itself counts like what was asked of it. */
export class ContainmentReplay {
  readonly #options: ReplayOptions;
  readonly #waiting = new Map<string, MadeRequest>();
  readonly #agreed = new Map<string, MadeRequest>();
  readonly unfinished = new Map<string, Unfinished>();
  /** Requests that claim to be the responder's and are not; refused on record. */
  readonly forged = new Map<string, ContainmentRequest>();
  readonly #hostsOwn = new Map<string, ContainmentRequest>();

  constructor(options: ReplayOptions) {
    this.#options = options;
  }

  /** A record of an earlier run. */
  take(record: LogRecord): void {
    const body = bodyOf(record);
    if (body === undefined) this.#options.counters.add('responder.errors', 1, 'unreadable');
    else this.#replay(body);
  }

  /** A record of this run: only what the host did by itself is news. */
  takeLive(record: LogRecord): void {
    const body = bodyOf(record);
    if (body?.kind === 'containment.requested') {
      if (isHostsOwn(body.request)) this.#replay(body);
      return;
    }
    const result = body === undefined ? undefined : resultOf(body);
    if (body !== undefined && result !== undefined && this.#hostsOwn.has(result.requestId))
      this.#replay(body);
  }

  #replay(body: Body): void {
    switch (body.kind) {
      case 'containment.requested':
        this.#requested(body);
        break;
      case 'containment.approved':
        this.#approved(body.requestId);
        break;
      case 'containment.denied':
        this.#waiting.delete(body.requestId);
        break;
      case 'containment.refused':
        this.#refused(body.requestId);
        break;
      default: {
        const result = resultOf(body);
        if (result !== undefined) this.#result(result, body.observedAtNs);
      }
    }
  }

  /** What waits for a person; what was approved and then neither sent nor refused waits again. */
  get waiting(): readonly MadeRequest[] {
    return [...this.#waiting.values(), ...this.#agreed.values()];
  }

  /** A forged request may bear the id of a true one, which its refusal leaves alone. */
  #refused(id: string): void {
    if (this.forged.delete(id)) return;
    this.#agreed.delete(id);
    this.#finish(id);
  }

  #approved(id: string): void {
    const made = this.#waiting.get(id);
    if (made === undefined) return;
    this.#waiting.delete(id);
    this.#agreed.set(id, made);
  }

  #requested({ request, keyId, signature, awaiting }: BodyOf<'containment.requested'>): void {
    const { signer, standings, known, onAutomatic } = this.#options;
    if (isHostsOwn(request)) {
      if (this.#hostsOwn.size < hostsOwnMax) this.#hostsOwn.set(request.id, request);
      standings.change(request, (standing) => finish(begin(standing, request), request.id));
      return;
    }
    const own = keyId !== undefined && signature !== undefined;
    if (!own || !signer.isOwn(request, { keyId, signature })) {
      this.#options.counters.add('responder.errors', 1, 'forged');
      this.forged.set(request.id, request);
      return;
    }
    known.add(request.id);
    const made = { request, signed: signer.sign(request) };
    if (awaiting !== undefined) {
      this.#waiting.set(request.id, made);
      return;
    }
    this.#waiting.delete(request.id);
    this.#agreed.delete(request.id);
    this.unfinished.set(request.id, { made, results: [] });
    standings.change(request, (standing) => begin(standing, request));
    if (request.requester.type === 'detector' && request.approvedBy === undefined)
      onAutomatic(request.requestedAtNs);
  }

  #result(result: ContainmentResult, atNs: bigint): void {
    const { requestId: id, state, check } = result;
    const open = this.unfinished.get(id);
    const request = open?.made.request ?? this.#hostsOwn.get(id);
    if (request === undefined) return;
    this.#options.standings.change(request, (standing) => settle(standing, { ...result, atNs }));
    if (open === undefined) return;
    const isLast = state !== 'applied' && (state !== 'verified' || check === 'after_10s');
    if (isLast) this.#finish(id);
    else this.unfinished.set(id, { ...open, results: [...open.results, result] });
  }

  #finish(id: string): void {
    const open = this.unfinished.get(id);
    if (open === undefined) return;
    this.unfinished.delete(id);
    this.#options.standings.change(open.made.request, (standing) => finish(standing, id));
  }
}

const hostsOwnMax = 10_000;

function isHostsOwn({ requester }: ContainmentRequest): boolean {
  return requester.type === 'fast_path' || requester.type === 'watchdog';
}

function resultOf(body: Body): ContainmentResult | undefined {
  switch (body.kind) {
    case 'containment.applied':
    case 'containment.verified':
    case 'containment.released':
    case 'containment.failed':
      return body.result;
    default:
      // Every other kind tells nothing of what a scheduler did.
      return undefined;
  }
}

function bodyOf({ value }: LogRecord): Body | undefined {
  const frame = decodeFrame(value);
  if (typeof frame === 'string') return undefined;
  return readBody(frame.body.toString('utf8'));
}

function readBody(text: string): Body | undefined {
  try {
    return Body.safeParse(JSON.parse(text)).data;
  } catch (error) {
    // Not JSON: the caller counts it. Any other failure is not about these bytes.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
