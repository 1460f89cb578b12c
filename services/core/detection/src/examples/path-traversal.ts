// Examples of path-traversal: dots, links and /proc detours, and the paths that builds walk.
import { type Example, type ExampleEvent, examplePolicy, exampleProcess } from '../example.ts';

const process = exampleProcess(40);

interface Opened {
  readonly resolved?: string;
  readonly access?: 'read' | 'write';
  readonly errno?: number;
}

function opens(raw: string, { resolved, access = 'read', errno }: Opened = {}): ExampleEvent {
  return {
    body: {
      kind: 'file.open',
      process,
      path: resolved === undefined ? { raw } : { raw, resolved },
      access,
      create: false,
      flags: 0,
      ...(errno === undefined ? {} : { errno }),
    },
  };
}

function links(raw: string, target: string): ExampleEvent {
  const paths = { path: { raw }, target: { raw: target } };
  return { body: { kind: 'file.link', process, ...paths, type: 'symbolic' } };
}

function runsIn(cwd: string): ExampleEvent {
  return {
    body: { kind: 'process.exec', process, exe: { raw: '/usr/bin/cc' }, argv: ['cc'], cwd },
  };
}

/** What path-traversal must find and must pass over. */
export const pathTraversalExamples: {
  readonly hit: readonly Example[];
  readonly miss: readonly Example[];
} = {
  hit: [
    { what: 'dots to the password file', events: [opens('/tmp/agent/../../etc/passwd')] },
    {
      what: 'dots from where the process works',
      events: [runsIn('/tmp/agent/src'), opens('../../../etc/passwd')],
    },
    {
      what: 'dots to the shadow file, refused',
      events: [opens('../../etc/shadow', { errno: 13 })],
    },
    {
      what: 'a link that the collector resolved',
      events: [opens('/tmp/agent/notes', { resolved: '/etc/passwd' })],
    },
    {
      what: 'a link that was seen being made',
      events: [links('/tmp/agent/out', '/etc'), opens('/tmp/agent/out/passwd')],
    },
    {
      what: 'a link to the top, and dots behind it',
      events: [
        links('/tmp/agent/up', '../..'),
        opens('/tmp/agent/up/home/../root/.ssh/id_ed25519'),
      ],
    },
    { what: 'the root through /proc', events: [opens('/proc/self/root/etc/shadow')] },
    {
      what: 'another process’s directory',
      events: [opens('/proc/77/cwd/x', { resolved: '/srv/x' })],
    },
    {
      what: 'an open directory through /proc',
      events: [opens('/proc/self/fd/9/etc/hosts.allow', { resolved: '/etc/hosts.allow' })],
    },
    { what: 'a write to the system', events: [opens('/etc/ld.so.preload', { access: 'write' })] },
    {
      what: 'a write to a read-only workspace’s neighbour by a hard link',
      events: [
        {
          body: {
            kind: 'file.link',
            process,
            path: { raw: '/tmp/agent/p' },
            target: { raw: '/etc/passwd' },
            type: 'hard',
          },
        },
      ],
    },
  ],
  miss: [
    { what: 'a library', events: [opens('/usr/lib/x86_64-linux-gnu/libc.so.6')] },
    {
      what: 'how compilers spell libraries',
      events: [opens('/usr/lib/gcc/x86_64-linux-gnu/12/../../../x86_64-linux-gnu/crt1.o')],
    },
    {
      what: 'a header beside the sources',
      events: [runsIn('/tmp/agent/a/b'), opens('../../inc/x.h')],
    },
    {
      what: 'dots of unknown depth that find nothing',
      events: [opens('../../x/tsconfig.json', { errno: 2 })],
    },
    {
      what: 'an interpreter linked into a virtual environment',
      events: [opens('/tmp/agent/venv/bin/python', { resolved: '/usr/bin/python3.11' })],
    },
    {
      what: 'a link within node_modules',
      events: [
        links('/tmp/agent/node_modules/.bin/tsc', '../typescript/bin/tsc'),
        opens('/tmp/agent/node_modules/.bin/tsc', {
          resolved: '/tmp/agent/node_modules/typescript/bin/tsc',
        }),
      ],
    },
    { what: 'users by name', events: [opens('/etc/passwd'), opens('/etc/group')] },
    { what: 'the loader’s cache', events: [opens('/etc/ld.so.cache')] },
    { what: 'its own /proc', events: [opens('/proc/self/maps'), opens('/proc/self/fd/3')] },
    {
      what: 'compiled Python beside a read-only library',
      events: [opens('/usr/lib/python3/x.pyc.1', { access: 'write', errno: 30 })],
    },
    { what: 'a cache at home', events: [opens('/root/.npm/_logs/x', { access: 'write' })] },
    {
      what: 'walking the tree from a directory of its own',
      events: [opens('etc', { resolved: '/etc' }), opens('proc', { resolved: '/proc' })],
    },
    { what: '/dev/null', events: [opens('/dev/null', { access: 'write' })] },
    {
      what: 'a mount that the policy declares',
      policy: {
        ...examplePolicy,
        filesystem: { workspace: '/tmp/agent', host_mounts: ['/data:ro'] },
      },
      events: [opens('/tmp/agent/data', { resolved: '/data/x.csv' })],
    },
  ],
};
