// Examples of dns-exfiltration: tunnels of several kinds, and what package managers ask for.
import type { Example, ExampleEvent } from '../example.ts';

function asks(at: number, name: string, type = 'A', verdict: 'answered' | 'denied' = 'denied') {
  const answers = verdict === 'answered' ? ['93.184.216.34'] : [];
  const event: ExampleEvent = {
    at,
    from: 'dns:1',
    trust: 'host',
    body: { kind: 'network.dns', name, type, verdict, answers },
  };
  return event;
}

function many(count: number, make: (at: number) => ExampleEvent): readonly ExampleEvent[] {
  return Array.from({ length: count }, (_, at) => make(at));
}

/** Digits that look like `sizeChars` of encoded data, different for each `at`. */
function hex(at: number, sizeChars: number): string {
  let text = '';
  for (let word = at + 1; text.length < sizeChars; word += 7919)
    text += (Math.imul(word, 2_654_435_761) >>> 0).toString(16).padStart(8, '0');
  return text.slice(0, sizeChars);
}

const registry = ['registry', 'www', 'cdn', 'static', 'api', 'docs', 'files', 'mirror'];

/** What dns-exfiltration must find and must pass over. */
export const dnsExfiltrationExamples: {
  readonly hit: readonly Example[];
  readonly miss: readonly Example[];
} = {
  hit: [
    {
      what: 'a file as hex in labels',
      events: many(6, (at) => asks(at, `${hex(at, 32)}.t.evil.example`)),
    },
    {
      what: 'two long labels each, answered',
      events: many(5, (at) =>
        asks(at, `${hex(at, 60)}.${hex(at + 99, 60)}.x.co.uk`, 'A', 'answered'),
      ),
    },
    {
      what: 'a tunnel over TXT',
      events: many(8, (at) => asks(at, `${hex(at, 40)}.dnscat.example`, 'TXT')),
    },
    {
      what: 'a slow leak, one name in four minutes',
      events: many(14, (at) => asks(at * 240, `${hex(at, 48)}.slow.example`)),
    },
    {
      what: 'a tunnel among a flood of other domains',
      events: many(900, (at) =>
        at % 100 === 0
          ? asks(at / 50, `${hex(at, 50)}.tunnel.example`)
          : asks(at / 50, `www.domain-${at}.example`),
      ),
    },
  ],
  miss: [
    {
      what: 'package registries',
      events: registry.map((host, at) => asks(at, `${host}.npmjs.org`)),
    },
    {
      what: 'one name again and again',
      events: many(400, (at) => asks(at / 10, `${hex(1, 40)}.cdn.example`)),
    },
    {
      what: 'many domains, few names each',
      events: many(300, (at) => asks(at / 10, `www.domain-${at}.example`)),
    },
    {
      what: 'reverse look-ups',
      events: many(100, (at) => asks(at / 10, `${at}.2.0.192.in-addr.arpa`, 'PTR')),
    },
    {
      what: 'hosts of clouds, each a domain of its own',
      events: many(40, (at) => asks(at, `d${hex(at, 13)}.cloudfront.net`)),
    },
  ],
};
