// For tests: a container of a test's engine, held at the door until its handles are read.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { SandboxUid } from '@sandtrail/schemas/scalars';
import * as z from 'zod';
import { openCgroup } from '../driver/cgroup-handle.ts';
import { idly, type SandboxUnderTest } from '../driver/conformance.ts';
import type { EgressSwitch } from '../driver/driver.ts';
import { bindContainer } from './bind.ts';
import type { TestEngine } from './test-engine.ts';

/** A container that a test started. */
export interface TestContainer extends SandboxUnderTest {
  readonly id: string;
}

interface ContainerOptions {
  readonly command: readonly string[];
  readonly egress?: EgressSwitch;
  readonly pidsMax?: number;
  readonly runtime?: string;
  readonly network?: string;
  readonly restart?: string;
  readonly name?: string;
}

const Created = z.object({ Id: z.string() });
let count = 0;

/** Starts a command in a container. */
export async function startTestContainer(
  test: TestEngine,
  { command, egress, pidsMax, runtime, network, restart, name }: ContainerOptions,
): Promise<TestContainer> {
  count += 1;
  const door = join(test.folder, `door-${count}`);
  mkdirSync(door);
  const isIdle = command[0] === idly[0];
  const words = isIdle ? command.slice(idly.length) : command;
  const wait = 'until [ -e /door/open ]; do sleep 0.02; done; exec "$@"';
  const { Id: id } = Created.parse(
    await test.api('POST', `/containers/create${name === undefined ? '' : `?name=${name}`}`, {
      Image: 'box:1',
      Cmd: ['sh', '-c', wait, 'sh', ...words],
      Tty: true,
      HostConfig: {
        NetworkMode: network ?? 'none',
        Binds: [`${door}:/door:ro`],
        ...(pidsMax === undefined ? {} : { PidsLimit: pidsMax }),
        ...(runtime === undefined ? {} : { Runtime: runtime }),
        ...(restart === undefined ? {} : { RestartPolicy: { Name: restart } }),
      },
    }),
  );
  await test.api('POST', `/containers/${id}/start`);
  const stdout = await follow(test, id);
  const exited = test.api('POST', `/containers/${id}/wait`);
  const container = await test.engine.inspect(id);
  if (container === undefined) throw new Error(`no container ${id}`);
  const { engine } = test;
  const uid = SandboxUid.parse(`docker-${id.slice(0, 32)}`);
  // The image has no chrt: who asks for it gets it from outside, and passes it on to its children.
  if (isIdle) spawnSync('chrt', ['-a', '-i', '-p', '0', `${container.State.Pid}`]);
  const bound = bindContainer({
    ...{ uid, incarnation: 0, container, engine, adoptedParent: test.cgroupParent },
    ...(egress === undefined ? {} : { egress }),
  });
  writeFileSync(join(door, 'open'), '');
  return {
    id,
    target: bound.target,
    launched: { stdout, exited },
    end: async () => {
      stdout.destroy();
      // An engine waits a minute for the answer of a Sentry that is frozen.
      if (bound.target.cgroup !== undefined)
        openCgroup(bound.target.cgroup)?.write('cgroup.kill', '1');
      await test.api('DELETE', `/containers/${id}?force=1`);
      bound.release();
    },
  };
}

/** What it writes to its terminal, from the start on. */
async function follow({ socketPath }: TestEngine, id: string): Promise<PassThrough> {
  const path = `/containers/${id}/logs?follow=1&stdout=1`;
  const asked = request({ socketPath, path, agent: false });
  asked.end();
  const out = new PassThrough();
  asked.on('error', () => out.end());
  const [response] = await once(asked, 'response');
  response.pipe(out);
  out.on('close', () => asked.destroy());
  return out;
}
