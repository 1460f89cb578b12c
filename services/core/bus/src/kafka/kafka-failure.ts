// What a failure of kafkajs means in the words of the error catalogue.
import { type ErrorCode, SandtrailError } from '@sandtrail/schemas/errors';

const detailCharsMax = 300;
const causesMax = 5;

/** Kafka's protocol errors by their names; every other failure may pass. */
const codes: Readonly<Record<string, ErrorCode>> = {
  TOPIC_AUTHORIZATION_FAILED: 'BUS_ACCESS',
  CLUSTER_AUTHORIZATION_FAILED: 'BUS_ACCESS',
  SASL_AUTHENTICATION_FAILED: 'BUS_ACCESS',
  UNSUPPORTED_SASL_MECHANISM: 'BUS_ACCESS',
  MESSAGE_TOO_LARGE: 'BUS_OVERSIZE',
  RECORD_LIST_TOO_LARGE: 'BUS_OVERSIZE',
  INVALID_REPLICATION_FACTOR: 'BUS_UNFIT',
  POLICY_VIOLATION: 'BUS_UNFIT',
};

/** The catalogued error for whatever a request to the cluster threw. */
export function kafkaFailure(error: unknown): SandtrailError {
  const chain = causesOf(error);
  const known = chain.find((each) => each instanceof SandtrailError);
  if (known !== undefined) return known;
  const detail = (chain.at(-1)?.message ?? String(error)).slice(0, detailCharsMax);
  const code = chain.map(codeOf).find((each) => each !== undefined) ?? 'BUS_UNAVAILABLE';
  return new SandtrailError(code, { detail, cause: error });
}

function codeOf(error: Error): ErrorCode | undefined {
  if (error.name === 'KafkaJSSASLAuthenticationError') return 'BUS_ACCESS';
  if (/certificate|alert |TLS|SSL/.test(error.message)) return 'BUS_ACCESS';
  return 'type' in error && typeof error.type === 'string' ? codes[error.type] : undefined;
}

/** The error and what lies beneath it, the outermost first. */
function causesOf(error: unknown): readonly Error[] {
  const chain: Error[] = [];
  for (let each = error; each instanceof Error && chain.length < causesMax; each = beneath(each)) {
    if (chain.includes(each)) break;
    chain.push(each);
  }
  return chain;
}

/** What made several topics at once fails with several errors: the first says enough. */
function beneath(error: Error): unknown {
  const several = 'errors' in error && Array.isArray(error.errors) ? error.errors : [];
  return several[0] ?? error.cause;
}
