// Containment as it is on record: each request, who decided, and every proof that came back.
import type { ContainmentRequest, ContainmentResult } from '@sandtrail/schemas/containment';
import type { LogEntry } from './log-fold.ts';

/** One request with all that followed. */
export interface BookedRequest {
  readonly request: ContainmentRequest;
  readonly state: 'waiting' | 'denied' | 'refused' | 'sent' | ContainmentResult['state'];
  readonly approvedBy: string | undefined;
  readonly results: readonly ContainmentResult[];
  /** When the newest of it was recorded. */
  readonly atNs: bigint;
}

const requestsMax = 5000;
const resultsMax = 16;

/** The newest requests, oldest first. */
export class ContainmentBook {
  readonly #requests = new Map<string, BookedRequest>();

  /** Everything about one life of a sandbox. */
  about(sandbox: string, incarnation: number): readonly BookedRequest[] {
    return [...this.#requests.values()].filter(
      ({ request }) => request.sandbox === sandbox && request.incarnation === incarnation,
    );
  }

  /** The newest request that answers a finding. */
  answering(findingId: string): BookedRequest | undefined {
    const incident = `finding:${findingId}`;
    return [...this.#requests.values()].findLast(({ request }) => request.incident === incident);
  }

  of(requestId: string): BookedRequest | undefined {
    return this.#requests.get(requestId);
  }

  /** Takes a record of the log; other kinds are passed by. */
  take({ header, body }: LogEntry): void {
    const atNs = header.timeNs;
    switch (body.kind) {
      case 'containment.requested': {
        const known = this.#requests.get(body.request.id);
        const state = body.awaiting === 'approval' ? 'waiting' : 'sent';
        const approvedBy = body.request.approvedBy ?? known?.approvedBy;
        const results = known?.results ?? [];
        this.#set({ request: body.request, state, approvedBy, results, atNs });
        return;
      }
      case 'containment.approved':
        this.#change(body.requestId, { approvedBy: body.by, atNs });
        return;
      case 'containment.denied':
        this.#change(body.requestId, { state: 'denied', atNs });
        return;
      case 'containment.refused':
        this.#change(body.requestId, { state: 'refused', atNs });
        return;
      case 'containment.applied':
      case 'containment.verified':
      case 'containment.failed':
      case 'containment.released': {
        const { result } = body;
        const results = this.#requests.get(result.requestId)?.results ?? [];
        const all = [...results, result].slice(-resultsMax);
        this.#change(result.requestId, { state: result.state, results: all, atNs });
        return;
      }
      default:
        return;
    }
  }

  #change(id: string, change: Partial<BookedRequest>): void {
    const known = this.#requests.get(id);
    if (known !== undefined) this.#set({ ...known, ...change });
  }

  #set(request: BookedRequest): void {
    this.#requests.set(request.request.id, request);
    const [oldest] = this.#requests.keys();
    if (this.#requests.size > requestsMax && oldest !== undefined) this.#requests.delete(oldest);
  }
}
