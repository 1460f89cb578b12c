import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { connect } from 'node:net';
import type { ContainmentResult } from '@sandtrail/schemas/containment';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type RunSummary, runSandbox } from '../sandbox/run.ts';
import { RunRig } from '../sandbox/run-rig.ts';
import { connectResponder } from './responder.ts';

let rig: RunRig;

beforeEach(async () => {
  rig = new RunRig();
  await rig.startHost();
});

afterEach(async () => {
  await rig.close();
});

const busy = ['sh', '-c', 'echo up; while :; do :; done'];

/** A sandbox that runs, and a responder's connection to its host. */
async function contained(work: (at: Contained) => Promise<void>): Promise<RunSummary> {
  const { options, io, uid } = rig.run(busy);
  const ended = runSandbox(options);
  await once(io.stdout, 'data');
  const responder = await connectResponder(rig.socketPath);
  const contain = async (request: Partial<Parameters<RunRig['signed']>[0]>) => {
    const results: ContainmentResult[] = [];
    const signed = rig.signed({ sandbox: uid, level: 'L2', ...request });
    await responder.contain(signed, (result) => results.push(result));
    return results;
  };
  try {
    await work({ uid, contain, responder });
  } finally {
    await contain({ level: 'L5', incident: 'the end of the test' });
    responder.close();
  }
  return ended;
}

interface Contained {
  readonly uid: RunSummary['uid'];
  readonly responder: Awaited<ReturnType<typeof connectResponder>>;
  contain(request: Partial<Parameters<RunRig['signed']>[0]>): Promise<readonly ContainmentResult[]>;
}

test('a signed request freezes the sandbox and is proven at once, and twice again', async () => {
  await contained(async ({ contain, responder, uid }) => {
    const results = await contain({ level: 'L2' });
    expect(results.map(({ state, check }) => [state, check])).toEqual([
      ['applied', 'at_once'],
      ['verified', 'at_once'],
      ['verified', 'after_1s'],
      ['verified', 'after_10s'],
    ]);
    expect(results[1]?.proof).toMatchObject({ escaped: 0, cpuDeltaUs: 0, openFlows: 0 });
    expect(await responder.status()).toMatchObject([{ uid, level: 'L2', driver: 'cgroup' }]);
  });
});

test('a kill ends the run, whose summary says why', async () => {
  const summary = await contained(() => Promise.resolve());
  expect(summary).toMatchObject({ reason: 'contained', level: 'L5', exitCode: 137 });
  expect(rig.observed.map((one) => one.observation.kind)).toEqual(['sandbox.killed']);
});

test('the same request again is the same act', async () => {
  await contained(async ({ contain }) => {
    const id = 'ab'.repeat(32);
    const first = await contain({ id });
    const second = await contain({ id });
    expect(second).toEqual(first);
    expect(rig.observed.filter((one) => one.observation.kind === 'sandbox.paused')).toHaveLength(1);
  });
});

test('levels only rise, and another actor than the requester releases', async () => {
  await contained(async ({ contain }) => {
    await contain({ level: 'L2' });
    await expect(contain({ level: 'L1' })).rejects.toMatchObject({ code: 'CONTAIN_LEVEL_LOWER' });
    const release = { act: 'release', level: 'L0' } as const;
    const self = { ...release, requester: { type: 'operator', name: 'tester' } } as const;
    await expect(contain(self)).rejects.toMatchObject({ code: 'CONTAIN_SELF_RELEASE' });
    const other = { ...release, requester: { type: 'operator', name: 'another' } } as const;
    expect(await contain(other)).toMatchObject([{ state: 'released', level: 'L0' }]);
  });
});

test('what is forged, late, replayed, or about another sandbox is refused with its code', async () => {
  await contained(async ({ contain, responder, uid }) => {
    const none = () => undefined;
    const signed = rig.signed({ sandbox: uid, level: 'L2' });
    const forged = { ...signed, request: signed.request.replace('L2', 'L5') };
    const refused = (code: string) => ({ code });
    await expect(responder.contain(forged, none)).rejects.toMatchObject(
      refused('CONTAIN_BAD_SIGNATURE'),
    );
    const unknownKey = { ...signed, keyId: 'other' };
    await expect(responder.contain(unknownKey, none)).rejects.toMatchObject(
      refused('CONTAIN_BAD_SIGNATURE'),
    );
    await expect(contain({ expiresAtNs: 1n })).rejects.toMatchObject(refused('CONTAIN_EXPIRED'));
    await expect(contain({ incarnation: 7 })).rejects.toMatchObject(
      refused('CONTAIN_WRONG_INCARNATION'),
    );
    await expect(contain({ level: 'L3' })).rejects.toMatchObject(
      refused('CONTAIN_LEVEL_UNSUPPORTED'),
    );
    const nonce = 'cd'.repeat(16);
    await contain({ nonce });
    await expect(contain({ nonce, level: 'L5' })).rejects.toMatchObject(
      refused('CONTAIN_REPLAYED'),
    );
  });
});

test('a kill of a frozen sandbox waits for no thaw', async () => {
  await contained(async ({ contain }) => {
    await contain({ level: 'L2' });
    const results = await contain({ level: 'L5' });
    expect(results.map(({ state }) => state)).toEqual([
      'applied',
      'verified',
      'verified',
      'verified',
    ]);
    expect(results[1]?.proof).toMatchObject({ alive: 0, escaped: 0 });
  });
});

test('a request that comes after the end finds the sandbox gone', async () => {
  const { options, uid } = rig.run(['true']);
  await runSandbox(options);
  const responder = await connectResponder(rig.socketPath);
  const results: ContainmentResult[] = [];
  const signed = rig.signed({ sandbox: uid, level: 'L2' });
  await responder.contain(signed, (result) => results.push(result));
  expect(results.map(({ state }) => state)).toEqual(['already_gone']);
  responder.close();
});

test('a line that is not in the protocol ends the connection and nothing else', async () => {
  await contained(async ({ responder }) => {
    for (const line of ['nonsense\n', '{"type":"register"}\n', `${'x'.repeat(2_000_000)}`]) {
      const socket = connect(rig.socketPath);
      socket.on('error', () => socket.destroy());
      socket.end(line);
      await new Promise((resolve) => socket.once('close', resolve));
    }
    expect(await responder.status()).toHaveLength(1);
    expect(rig.counters.snapshot()['control.refused{connection}']).toBe(3);
  });
});

test('a runner cannot register the cgroup of somebody else', async () => {
  await contained(async ({ uid }) => {
    const { options } = rig.run(busy);
    const registration = {
      ...{ uid: options.uid, incarnation: 0, node: 'n', policy: options.policy },
      ...{ initPid: process.pid, workspace: '/', level: 'L0', frozen: false },
      cgroup: { path: `/sys/fs/cgroup/unified/${rig.parent}/${uid}`, id: '1' },
    };
    const socket = connect(rig.socketPath);
    socket.write(`${JSON.stringify({ type: 'register', id: 1, sandbox: registration })}\n`);
    const [reply] = await once(socket, 'data');
    expect(JSON.parse(String(reply))).toMatchObject({ type: 'refused', code: 'CONTROL_DENIED' });
    socket.destroy();
  });
});

test('another user of the machine is turned away', async () => {
  expect(statSync(rig.socketPath).mode & 0o777).toBe(0o660);
  const script = `
    const socket = require('node:net').connect(${JSON.stringify(rig.socketPath)});
    socket.on('error', (error) => console.log(error.code));
    socket.on('close', () => console.log('closed'));
    socket.write('{"type":"status","id":1}\\n');
    socket.on('data', (bytes) => console.log(String(bytes)));`;
  const words = ['--reuid=65534', '--clear-groups', process.execPath, '-e', script];
  const { stdout } = spawnSync('setpriv', words, { encoding: 'utf8', timeout: 5000 });
  expect(stdout).toMatch(/^EACCES/);
});
