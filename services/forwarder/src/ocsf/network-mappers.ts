// Network, HTTP and DNS Activity (4001, 4002, 4003): what left the sandbox and what was refused.
import type { JsonObject } from '../json.ts';
import { failedWith, type MappersOf, ownFields, statusCode } from './mapped.ts';
import { endpointOf, sandboxEndpoint } from './objects.ts';

const outbound = { direction: 'Outbound', direction_id: 2 } as const;
const inbound = { direction: 'Inbound', direction_id: 1 } as const;

/** The schema's number of each method; others are named by themselves. */
const methods: Readonly<Record<string, number>> = {
  ...{ CONNECT: 1, DELETE: 2, GET: 3, HEAD: 4, OPTIONS: 5, POST: 6, PUT: 7, TRACE: 8, PATCH: 9 },
};

/** RFC 1035 response codes, as far as a verdict says them. */
const codes: Readonly<Record<string, JsonObject>> = {
  answered: { rcode: 'NoError', rcode_id: 0 },
  failed: { rcode: 'ServError', rcode_id: 2 },
  refused: { rcode: 'Refused', rcode_id: 5 },
  denied: { rcode: 'Refused', rcode_id: 5 },
};

/** The kinds of this family. */
export const networkMappers: MappersOf<
  | 'network.connect'
  | 'network.listen'
  | 'network.flow'
  | 'network.denied'
  | 'network.http'
  | 'network.dns'
> = {
  'network.connect'(body, header) {
    const { address, port, errno, ...unmapped } = ownFields(body);
    return {
      class: 'network_activity',
      activity: errno === undefined || errno === 0 ? 1 : 4,
      ...failedWith(errno),
      subject: port === undefined ? address : `${address} port ${port}`,
      fields: {
        src_endpoint: sandboxEndpoint(header),
        dst_endpoint: endpointOf({ address, port }),
        connection_info: outbound,
        ...statusCode(errno),
      },
      unmapped,
    };
  },
  'network.listen'(body, header) {
    const { address, port, errno, ...unmapped } = ownFields(body);
    return {
      class: 'network_activity',
      activity: 7,
      ...failedWith(errno),
      subject: port === undefined ? address : `${address} port ${port}`,
      fields: {
        dst_endpoint: { ...sandboxEndpoint(header), ...endpointOf({ address, port }) },
        connection_info: inbound,
        ...statusCode(errno),
      },
      unmapped,
    };
  },
  'network.flow'(body, header) {
    const { host, port, address, bytesIn, bytesOut, durationMs, ...unmapped } = ownFields(body);
    return {
      class: 'network_activity',
      activity: 6,
      failed: body.ended === 'error',
      subject: `${host} port ${port}`,
      fields: {
        src_endpoint: sandboxEndpoint(header),
        dst_endpoint: endpointOf({ host, address, port }),
        connection_info: outbound,
        traffic: { bytes_in: bytesIn, bytes_out: bytesOut },
        duration: durationMs,
      },
      unmapped,
    };
  },
  'network.denied'(body, header) {
    const { host, port, reason, repeats, ...unmapped } = ownFields(body);
    return {
      class: 'network_activity',
      activity: 5,
      failed: true,
      subject: `${body.destination}: ${reason}`,
      fields: {
        src_endpoint: sandboxEndpoint(header),
        dst_endpoint: endpointOf({ host: host ?? body.destination, port }),
        connection_info: outbound,
        status_detail: reason,
        count: repeats,
      },
      unmapped,
    };
  },
  'network.http'(body, header) {
    const own = ownFields(body);
    const {
      method,
      host,
      port,
      path,
      status,
      address,
      bytesIn,
      bytesOut,
      durationMs,
      ...unmapped
    } = own;
    const url = { hostname: host, port, path, url_string: `//${host}:${port}${path ?? ''}` };
    return {
      class: 'http_activity',
      activity: methods[method] ?? method,
      subject: `${method} ${host} port ${port} ${path ?? ''}`.trimEnd(),
      fields: {
        src_endpoint: sandboxEndpoint(header),
        dst_endpoint: endpointOf({ host, address, port }),
        connection_info: outbound,
        http_request: { http_method: methods[method] === undefined ? undefined : method, url },
        http_response: status === undefined ? undefined : { code: status },
        traffic: { bytes_in: bytesIn, bytes_out: bytesOut },
        duration: durationMs,
      },
      unmapped,
    };
  },
  'network.dns'(body, header) {
    const { name, type, reason, repeats, answers, ...unmapped } = ownFields(body);
    const { verdict } = body;
    return {
      class: 'dns_activity',
      activity: 2,
      failed: verdict !== 'answered',
      subject: `${type} ${name}`,
      fields: {
        src_endpoint: sandboxEndpoint(header),
        query: { hostname: name, type },
        answers: answers.map((rdata) => ({ rdata })),
        ...codes[verdict],
        status_detail: reason ?? verdict,
        count: repeats,
      },
      unmapped,
    };
  },
};
