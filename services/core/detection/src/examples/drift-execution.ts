// Examples of drift-execution: copies, memory and payloads, and what builds run all day.
import { type Example, type ExampleEvent, exampleProcess } from '../example.ts';

const process = exampleProcess(40);
const other = exampleProcess(41);

interface Run {
  readonly resolved?: string;
  readonly argv?: string[];
  readonly origin?: 'memory' | 'deleted';
  readonly by?: ReturnType<typeof exampleProcess>;
}

function runs(
  raw: string,
  { resolved, argv = [raw], origin, by = process }: Run = {},
): ExampleEvent {
  const exe = resolved === undefined ? { raw } : { raw, resolved };
  const body = { kind: 'process.exec', process: by, exe, argv } as const;
  return { body: { ...body, argv, ...(origin === undefined ? {} : { origin }) } };
}

function opens(raw: string, access: 'read' | 'write', by = process): ExampleEvent {
  const body = { kind: 'file.open', process: by, path: { raw }, access, flags: 0 } as const;
  return { body: { ...body, create: access === 'write' } };
}

function connects(address: string, port: number, by = other): ExampleEvent {
  return { at: 1, body: { kind: 'network.connect', process: by, family: 'inet', address, port } };
}

const refused: ExampleEvent = {
  at: 1.2,
  from: 'egress:1',
  trust: 'host',
  body: {
    kind: 'network.denied',
    protocol: 'connect',
    destination: 'evil.example:443',
    reason: 'not_allowed',
  },
};

const copiesCurl = [opens('/usr/bin/curl', 'read'), opens('/tmp/agent/updater', 'write')];

/** What drift-execution must find and must pass over. */
export const driftExecutionExamples: {
  readonly hit: readonly Example[];
  readonly miss: readonly Example[];
} = {
  hit: [
    {
      what: 'busybox under a name of the workspace',
      events: [runs('/tmp/agent/notes', { resolved: '/bin/busybox', argv: ['notes'] })],
    },
    { what: 'a program in memory', events: [runs('/proc/self/fd/7', { origin: 'memory' })] },
    {
      what: 'a program in memory that the collector did not mark',
      events: [runs('/proc/99/fd/3')],
    },
    { what: 'a program in shared memory', events: [runs('/dev/shm/.x')] },
    { what: 'a program whose file is gone', events: [runs('/tmp/x', { origin: 'deleted' })] },
    { what: 'a copy of curl', events: [...copiesCurl, runs('/tmp/agent/updater', { by: other })] },
    {
      what: 'a copy of curl, moved once more',
      events: [
        ...copiesCurl,
        {
          body: {
            kind: 'file.rename',
            process,
            path: { raw: '/tmp/agent/updater' },
            target: { raw: '/tmp/agent/lib/git' },
          },
        },
        runs('/tmp/agent/lib/git', { by: other }),
      ],
    },
    { what: 'a link to curl', events: [runs('/tmp/agent/ls', { resolved: '/usr/bin/curl' })] },
    { what: 'curl under a false name', events: [runs('/usr/bin/curl', { argv: ['node', 'x'] })] },
    {
      what: 'a program written here',
      events: [opens('/tmp/agent/main', 'write'), runs('/tmp/agent/main')],
    },
    {
      what: 'a program written here that goes round the proxy',
      events: [
        opens('/tmp/agent/main', 'write'),
        runs('/tmp/agent/main', { by: other }),
        connects('93.184.216.34', 443),
      ],
    },
    {
      what: 'a copy of curl that the proxy refuses',
      events: [
        ...copiesCurl,
        runs('/tmp/agent/updater', { by: other }),
        connects('127.0.0.1', 3128),
        refused,
      ],
    },
    {
      what: 'a payload for a shell',
      events: [runs('/bin/bash', { argv: ['bash', '-c', 'echo aWQ= | base64 -d | sh'] })],
    },
    {
      what: 'a payload for Python',
      events: [
        runs('/usr/bin/python3', {
          argv: ['python3', '-c', 'import base64;exec(base64.b64decode("aWQ="))'],
        }),
      ],
    },
  ],
  miss: [
    {
      what: 'an applet of busybox, by its link or by busybox itself',
      events: [
        runs('/bin/ls', { resolved: '/bin/busybox', argv: ['ls'] }),
        runs('/proc/self/exe', { resolved: '/bin/busybox', argv: ['sleep', '1'] }),
      ],
    },
    { what: 'a program of the image', events: [runs('/usr/bin/git', { argv: ['git', 'status'] })] },
    { what: 'a login shell', events: [runs('/bin/bash', { argv: ['-bash'] })] },
    {
      what: 'a virtual environment’s Python',
      events: [runs('/tmp/agent/venv/bin/python', { resolved: '/usr/bin/python3.11' })],
    },
    {
      what: 'a script that was checked out before',
      events: [
        runs('/tmp/agent/node_modules/.bin/tsc', { resolved: '/tmp/agent/node_modules/t/tsc' }),
      ],
    },
    {
      what: 'a variant by its short name',
      events: [runs('/usr/bin/nc.openbsd', { argv: ['nc', '-h'] })],
    },
    {
      what: 'a script with its interpreter',
      events: [
        runs('/tmp/agent/venv/bin/pip', {
          resolved: '/usr/bin/python3.11',
          argv: ['/tmp/agent/venv/bin/python3', '/tmp/agent/venv/bin/pip', 'list'],
        }),
      ],
    },
    {
      what: 'an installer that looks at a tool and unpacks scripts later',
      events: [
        opens('/usr/bin/ldd', 'read'),
        opens('/tmp/agent/p.tgz', 'read'),
        opens('/tmp/agent/node_modules/p/p.js', 'write'),
        runs('/tmp/agent/x/p.js', { by: other }),
      ],
    },
    {
      what: 'a refusal long after and of somebody else',
      events: [connects('127.0.0.1', 3128, process), refused],
    },
    {
      what: 'text about payloads',
      events: [runs('/usr/bin/grep', { argv: ['grep', '-r', 'base64 -d | sh', '.'] })],
    },
  ],
};
