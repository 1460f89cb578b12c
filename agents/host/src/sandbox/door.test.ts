// The door on real sandboxes: what stands before it is the launcher's doing, what comes after is not.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { reachDoor } from './door.ts';
import { startTestSandbox } from './test-sandbox.ts';

test('a sandbox at its door has made every mount, and runs nothing of the command', async () => {
  const sandbox = await startTestSandbox({ command: ['true'], held: true });
  try {
    await sandbox.launched.atDoor();
    const mounts = () => readFileSync(`/proc/${sandbox.launched.initPid}/mountinfo`, 'utf8');
    const atDoor = mounts();
    expect(atDoor).toContain(' /work ');
    expect(atDoor).not.toContain(' /oldroot ');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(mounts()).toBe(atDoor);
  } finally {
    await sandbox.end();
  }
});

test('nobody waits for a process that is gone', async () => {
  const { pid } = spawnSync('true');
  await reachDoor({ pid, fd: 4, timeoutMs: 1000 });
});

test('a process that never comes to the door is an error that says so', async () => {
  const waiting = reachDoor({ pid: process.pid, fd: 4, timeoutMs: 5 });
  await expect(waiting).rejects.toThrowError(/not set up within 5 ms/);
});
