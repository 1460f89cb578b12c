// An OTLP receiver for tests: takes what comes over HTTP and decodes it with protobufjs.
import { createServer, type IncomingMessage, type Server } from 'node:http';
import protobuf from 'protobufjs';
import * as z from 'zod';
import { otlpProto } from './otlp-proto.ts';

const { root } = protobuf.parse(otlpProto);

const Attributes = z
  .array(z.object({ key: z.string(), value: z.record(z.string(), z.unknown()) }))
  .default([])
  .transform((pairs) =>
    Object.fromEntries(pairs.map(({ key, value }) => [key, Object.values(value)[0]])),
  );
const Ns = z.string().transform(BigInt);
const Span = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().default(''),
  name: z.string(),
  startTimeUnixNano: Ns,
  endTimeUnixNano: Ns,
  attributes: Attributes,
});
/** A span with the process that sent it; ids in hexadecimal. */
type ReceivedSpan = z.infer<typeof Span> & { readonly process: unknown };

const Point = z.object({ asDouble: z.number().default(0), attributes: Attributes });
const Bucketed = z.object({
  count: z.string().default('0'),
  sum: z.number().default(0),
  bucketCounts: z.array(z.string()).default([]),
  explicitBounds: z.array(z.number()).default([]),
});
const Points = z.object({ dataPoints: z.array(Point), isMonotonic: z.boolean().default(false) });
const Metric = z.object({
  name: z.string(),
  sum: Points.optional(),
  gauge: Points.optional(),
  histogram: z.object({ dataPoints: z.array(Bucketed) }).optional(),
});
/** A metric with the process that sent it. */
type ReceivedMetric = z.infer<typeof Metric> & { readonly process: unknown };

const Resource = z.object({ attributes: Attributes });
const Traces = z.object({
  resourceSpans: z.array(
    z.object({ resource: Resource, scopeSpans: z.array(z.object({ spans: z.array(Span) })) }),
  ),
});
const Metrics = z.object({
  resourceMetrics: z.array(
    z.object({ resource: Resource, scopeMetrics: z.array(z.object({ metrics: z.array(Metric) })) }),
  ),
});

/** What was received, and how to end. */
export interface OtlpReceiver {
  readonly endpoint: string;
  readonly spans: ReceivedSpan[];
  /** Newest last. */
  readonly metrics: ReceivedMetric[];
  /** Header names and values of every request. */
  readonly headers: Readonly<Record<string, unknown>>[];
  /** Bytes as they came, to search them for what must not be there. */
  readonly raw: Buffer[];
  close(): Promise<void>;
}

/** Starts on a free port of the loopback. */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const received = { spans: [], metrics: [], headers: [], raw: [] };
  const receiver: Omit<OtlpReceiver, 'endpoint' | 'close'> = received;
  const server = createServer((request, response) => {
    take(request, receiver).then(
      () => response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end(),
      () => response.writeHead(400).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { ...receiver, endpoint: `http://127.0.0.1:${portOf(server)}`, close: () => end(server) };
}

async function take(request: IncomingMessage, receiver: Omit<OtlpReceiver, 'endpoint' | 'close'>) {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  const bytes = Buffer.concat(chunks);
  receiver.raw.push(bytes);
  receiver.headers.push({ ...request.headers });
  if (request.url === '/v1/traces') {
    const { resourceSpans } = Traces.parse(decode('ExportTraceServiceRequest', bytes));
    for (const { resource, scopeSpans } of resourceSpans) {
      const process = resource.attributes['sandtrail.process'];
      const spans = scopeSpans.flatMap((scope) => scope.spans);
      receiver.spans.push(...spans.map((span) => ({ ...span, process })));
    }
    return;
  }
  const { resourceMetrics } = Metrics.parse(decode('ExportMetricsServiceRequest', bytes));
  for (const { resource, scopeMetrics } of resourceMetrics) {
    const process = resource.attributes['sandtrail.process'];
    const metrics = scopeMetrics.flatMap((scope) => scope.metrics);
    receiver.metrics.push(...metrics.map((metric) => ({ ...metric, process })));
  }
}

function decode(name: string, bytes: Buffer): unknown {
  const type = root.lookupType(`otlp.${name}`);
  const plain = type.toObject(type.decode(bytes), { longs: String, bytes: Array });
  return JSON.parse(JSON.stringify(plain), (key, value: unknown) =>
    /Id$/.test(key) && Array.isArray(value) ? Buffer.from(value).toString('hex') : value,
  );
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function end(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
