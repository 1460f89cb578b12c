// Examples of secret-leak: what redaction masked in each kind of place, and events with nothing masked.
import type { Redaction } from '@sandtrail/schemas/body';
import { type Example, type ExampleEvent, exampleProcess } from '../example.ts';

const process = exampleProcess(40);

function masked(field: string, kind: Redaction['class'] = 'secret'): Redaction {
  const fingerprint = kind === 'pii' ? {} : { fingerprint: 'ab'.repeat(32) };
  return {
    field,
    rule: 'github-token',
    class: kind,
    start: 6,
    length: 40,
    masked: 'ghp_…',
    ...fingerprint,
  };
}

function prints(redactions: Redaction[]): ExampleEvent {
  const place = { channel: 'stdout', startByte: 0, sizeBytes: 47 } as const;
  const text = 'token=[github-token]';
  return {
    from: 'command:1',
    trust: 'host',
    body: { kind: 'command.output', ...place, text, redactions },
  };
}

function requests(redactions: Redaction[]): ExampleEvent {
  const numbers = { port: 443, bytesOut: 300, bytesIn: 20, durationMs: 9 } as const;
  return {
    from: 'egress:1',
    trust: 'host',
    body: {
      kind: 'network.http',
      method: 'GET',
      host: 'github.com',
      path: '/?k=[…]',
      ...numbers,
      redactions,
    },
  };
}

/** What secret-leak must find and must pass over. */
export const secretLeakExamples: {
  readonly hit: readonly Example[];
  readonly miss: readonly Example[];
} = {
  hit: [
    { what: 'a secret that is printed', events: [prints([masked('text')])] },
    { what: 'an issued credential in a request', events: [requests([masked('path', 'issued')])] },
    { what: 'a canary that is printed', events: [prints([masked('text', 'canary')])] },
    {
      what: 'a secret in a file',
      events: [
        {
          from: 'command:1',
          trust: 'host',
          body: {
            kind: 'file.write',
            path: { raw: '/tmp/agent/.env' },
            sizeBytes: 60,
            scannedBytes: 60,
            text: 'GH=[github-token]',
            redactions: [masked('text')],
          },
        },
      ],
    },
    {
      what: 'a secret among arguments',
      events: [
        {
          body: {
            kind: 'process.exec',
            process,
            exe: { raw: '/usr/bin/curl' },
            argv: ['curl', '-H', '[github-token]'],
            redactions: [masked('argv')],
          },
        },
      ],
    },
    { what: 'an e-mail address', events: [prints([masked('text', 'pii')])] },
  ],
  miss: [
    { what: 'output without anything masked', events: [prints([])] },
    { what: 'a request without anything masked', events: [requests([])] },
    {
      what: 'a masked value in a kind that is judged elsewhere',
      events: [
        {
          body: {
            kind: 'file.open',
            process,
            path: { raw: '/tmp/agent/.env' },
            access: 'read',
            create: false,
            flags: 0,
          },
        },
      ],
    },
  ],
};
