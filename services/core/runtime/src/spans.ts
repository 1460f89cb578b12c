// Spans of Sandtrail's own work: one for each batch, and the steps of each finding's trace.

/** What a span says: numbers, and words of our own code. Other text is replaced by `other`. */
export type SpanFields = Readonly<Record<string, string | number>>;

/** One step on the way from an observation to its containment; times are nanoseconds since 1970. */
export interface FindingStep {
  /** The finding's id: its first half is the trace's. */
  readonly finding: string;
  readonly name: string;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly fields?: SpanFields;
  /** The step that all others hang from; one for each finding. */
  readonly isRoot?: boolean;
}

/** Where spans go. */
export interface Spans {
  /** Runs `work` as one span; what it throws is passed on, and the span says that it failed. */
  around<T>(name: string, fields: SpanFields, work: () => Promise<T>): Promise<T>;
  /** A batch whose times are known already. */
  batch(span: Omit<FindingStep, 'finding' | 'isRoot'>): void;
  step(step: FindingStep): void;
}

/** No spans at all: the default, at the price of a call. */
export const noSpans: Spans = {
  around: (_name, _fields, work) => work(),
  batch: () => undefined,
  step: () => undefined,
};

/**
 * The trace of a finding, the same for whoever knows its id: processes agree on it though nothing
 * about tracing travels in the log. 32 and 16 hexadecimal digits, as W3C Trace Context has them.
 */
export function findingTrace(finding: string): { readonly traceId: string; readonly root: string } {
  return { traceId: finding.slice(0, 32), root: finding.slice(32, 48) };
}
