// Examples of egress-policy: destinations outside, tricks with names, and ordinary allowed traffic.
import { type Example, type ExampleEvent, examplePolicy, exampleProcess } from '../example.ts';

const process = exampleProcess(40);

function connects(address: string, port: number, errno?: number): ExampleEvent {
  const family = address.includes(':') ? 'inet6' : 'inet';
  const body = { kind: 'network.connect', process, family, address, port } as const;
  return { body: errno === undefined ? body : { ...body, errno } };
}

function asks(
  name: string,
  answers: readonly string[],
  verdict: 'answered' | 'denied' = 'answered',
): ExampleEvent {
  const body = { kind: 'network.dns' as const, name, type: 'A', verdict, answers: [...answers] };
  return { from: 'dns:1', trust: 'host', body };
}

function denied(destination: string, reason: 'not_allowed' | 'sni_mismatch' | 'upstream') {
  const body = { kind: 'network.denied', protocol: 'connect', destination, reason } as const;
  return { from: 'egress:1', trust: 'host', body } as const;
}

function flows(host: string, port: number, address: string): ExampleEvent {
  const counts = { bytesOut: 100, bytesIn: 2000, durationMs: 30 } as const;
  const body = { kind: 'network.flow', host, port, address, ...counts, ended: 'closed' } as const;
  return { from: 'egress:1', trust: 'host', body };
}

/** What egress-policy must find and must pass over. */
export const egressPolicyExamples: {
  readonly hit: readonly Example[];
  readonly miss: readonly Example[];
} = {
  hit: [
    { what: 'a refused host', events: [denied('evil.example:443', 'not_allowed')] },
    {
      what: 'another name in the TLS greeting',
      events: [denied('github.com:443', 'sni_mismatch')],
    },
    { what: 'a refused name', events: [asks('drop.evil.example', [], 'denied')] },
    { what: 'a connection past the proxy', events: [connects('93.184.216.34', 443)] },
    { what: 'one that found no way', events: [connects('93.184.216.34', 4444, 101)] },
    { what: 'the metadata service', events: [connects('169.254.169.254', 80, 101)] },
    {
      what: 'the metadata service as a mapped address',
      events: [connects('::ffff:a9fe:a9fe', 80)],
    },
    { what: 'another resolver', events: [connects('8.8.8.8', 53, 101)] },
    {
      what: 'an allowed address on another port',
      events: [asks('github.com', ['140.82.121.3']), connects('140.82.121.3', 22, 101)],
    },
    { what: 'rebinding', events: [asks('github.com', ['127.0.0.1'])] },
    { what: 'a flow to a private address', events: [flows('github.com', 443, '10.0.0.7')] },
    {
      what: 'a proxy that lets all through',
      events: [flows('evil.example', 443, '93.184.216.34')],
    },
    {
      what: 'any name where the network is declared off',
      policy: { ...examplePolicy, network: { mode: 'none' } },
      events: [asks('github.com', [], 'denied')],
    },
  ],
  miss: [
    { what: 'the proxy itself', events: [connects('127.0.0.1', 3128)] },
    { what: 'a test server on loopback', events: [connects('::1', 34567)] },
    { what: 'an allowed flow', events: [flows('github.com', 443, '140.82.121.3')] },
    { what: 'an allowed wildcard', events: [asks('files.pypi.org', ['151.101.0.223'])] },
    {
      what: 'probing an allowed name’s address',
      events: [asks('github.com', ['140.82.121.3']), connects('140.82.121.3', 443, 101)],
    },
    { what: 'a far side that failed', events: [denied('github.com:443', 'upstream')] },
    { what: 'the machine’s own name', events: [asks('sandbox', [], 'denied')] },
    { what: 'a reverse look-up', events: [asks('1.0.0.127.in-addr.arpa', [], 'denied')] },
    {
      what: 'a declared private address',
      policy: {
        ...examplePolicy,
        network: {
          mode: 'restricted',
          egress_allowlist: ['files.test:8080'],
          private_allow: [{ name: 'files.test', address: '127.0.0.1' }],
        },
      },
      events: [asks('files.test', ['127.0.0.1']), flows('files.test', 8080, '127.0.0.1')],
    },
  ],
};
