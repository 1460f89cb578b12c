// Claude Code's hooks in a watched sandbox: recorded as claims, and denied while it is contained.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { keyFilesOf } from '@sandtrail/local/keys';
import { registerSandbox } from '@sandtrail/local/sandbox-door';
import { SandboxUid } from '@sandtrail/schemas/scalars';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { startTestProduct, type TestProduct } from '../world/product.ts';
import { awaitRecord, recordsOf } from '../world/seen.ts';
import { until } from '../world/until.ts';
import { startWorkload } from '../world/workload.ts';

let product: TestProduct;
beforeAll(async () => {
  product = await startTestProduct();
});
afterAll(async () => {
  expect(await product.close()).toEqual([]);
});

const Settings = z.object({
  hooks: z.record(
    z.string(),
    z.tuple([z.object({ hooks: z.tuple([z.object({ command: z.string() })]) })]),
  ),
});

/** Plays Claude Code: calls the hooks of its settings with their published input, in a loop. */
async function playClaude() {
  const { stdout } = await product.command(['hook', '--print-settings']);
  const { hooks } = Settings.parse(JSON.parse(stdout));
  const commandOf = (event: string) => hooks[event]?.[0].hooks[0].command ?? 'exit 70';
  const input = (event: string, more: object) =>
    JSON.stringify({
      ...{ session_id: 's1', transcript_path: '/t', cwd: '/tmp/agent', permission_mode: 'default' },
      ...{ hook_event_name: event, tool_name: 'Bash', tool_use_id: 'toolu_1' },
      ...{ tool_input: { command: 'echo played' } },
      ...more,
    });
  const files = {
    'pre.json': input('PreToolUse', {}),
    'post.json': input('PostToolUse', { tool_response: { stdout: 'played', stderr: '' } }),
    'pre.sh': commandOf('PreToolUse'),
    'post.sh': commandOf('PostToolUse'),
  };
  const script = `
    export http_proxy=http://127.0.0.1:3128
    while :; do
      answer=$(sh pre.sh < pre.json); code=$?
      echo "pre $code $answer"
      case $answer in *deny*) sleep 0.2 ;; *) echo played; sh post.sh < post.json; echo " post $?";; esac
      sleep 0.1
    done`;
  return startWorkload(product, { script, files });
}

test('a tool call is allowed and recorded, and denied after a quarantine', async () => {
  const running = await playClaude();
  const { uid, output, signals, ended } = running;
  await until(() => output().includes(' post 0'), { what: 'a first round' });
  expect(output()).toContain('pre 0 {}');
  const { body: call } = await awaitRecord(product, uid, 'tool.call');
  expect(call).toMatchObject({ tool: 'Bash', callId: 'toolu_1', agent: { session: 's1' } });
  expect(call.input).toContain('echo played');
  const { body: result } = await awaitRecord(product, uid, 'tool.result');
  expect(result).toMatchObject({ tool: 'Bash', callId: 'toolu_1', failed: false });

  const quarantined = await product.command(['quarantine', uid, '--level', 'L1'], {
    actor: 'anna',
  });
  expect(quarantined.exit).toBe(0);
  await until(() => output().includes('"permissionDecision":"deny"'), { what: 'a denial' });
  expect(output()).toContain('level L1');
  const rounds = () => output().split(' post 0').length;
  const before = rounds();
  const calls = recordsOf(product, uid, 'tool.call').length;
  await until(() => recordsOf(product, uid, 'tool.call').length > calls + 2, { what: 'attempts' });
  expect(rounds()).toBe(before);

  await product.command(['release', uid], { actor: 'maria' });
  await until(() => rounds() > before, { what: 'it goes on after its release' });
  signals.emit('SIGTERM');
  await ended;
});

test('without a recorder the deciding hook says no', async () => {
  const nowhere = await product.command(['hook', '--socket', '/nowhere/gateway.sock'], {
    stdin: '{"hook_event_name":"PreToolUse","tool_name":"Bash"}',
  });
  expect(nowhere).toMatchObject({ exit: 2, stdout: '' });
  const settings = await product.command(['hook', '--print-settings', '--socket', '/nowhere/s']);
  const { hooks } = Settings.parse(JSON.parse(settings.stdout));
  const played = spawnSync('sh', ['-c', hooks['PreToolUse']?.[0].hooks[0].command ?? ''], {
    input: '{}',
  });
  expect(played.status).toBe(2);
});

test('hostile hooks are refused and counted, and lines still pass beside them', async () => {
  const { uid, signals, ended } = startWorkload(product, { script: 'sleep 60' });
  await awaitRecord(product, uid, 'sandbox.started');
  const { directory, socketPath: lines } = await socketOf(uid);
  const socketPath = path.join(directory, 'hooks.sock');
  const post = (body: string, place = '/v1/hooks/claude-code') =>
    exchange(
      socketPath,
      `POST ${place} HTTP/1.1\r\nhost: s\r\nconnection: close\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
  expect(await post('{')).toContain('HTTP/1.1 400');
  expect(await post('{}', '/v1/hooks/other')).toContain('HTTP/1.1 404');
  expect(await post('{}', '/v1/hooks/__proto__')).toContain('HTTP/1.1 404');
  expect(await post(`"${'x'.repeat(300_000)}"`)).toContain('HTTP/1.1 413');
  expect(await post('{"hook_event_name":"PreToolUse"}')).toContain('HTTP/1.1 200');
  expect(await exchange(socketPath, 'POST \r\n\r\n')).toContain('400');
  expect(await exchange(lines, 'GET / HTTP/1.1\r\n\r\n')).toContain('LINE_MALFORMED');
  const line = '{"n":0,"kind":"tool.call","tool":"t","callId":"c","input":"beside"}\n';
  expect(await exchange(lines, line)).toContain('"ok":true');
  await awaitRecord(product, uid, 'tool.call');
  signals.emit('SIGTERM');
  await ended;
});

async function socketOf(uid: string) {
  const { layout } = product;
  const token = readFileSync(keyFilesOf(layout).hostToken, 'utf8');
  return registerSandbox({ layout, token }, { uid: SandboxUid.parse(uid), incarnation: 0 });
}

/** What a connection answers until it is closed, or for a moment. */
function exchange(socketPath: string, sent: string): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(socketPath, () => socket.end(sent));
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    socket.on('error', () => resolve(text));
    socket.on('close', () => resolve(text));
  });
}
