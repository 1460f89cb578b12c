// Lines of an engine's event stream: what they mean, and what hostile text in them cannot do.
import { expect, test } from 'vitest';
import { observe } from '../docker.ts';
import { parseDockerEvent } from './event.ts';

const id = 'ab'.repeat(32);

function line(action: string, attributes: Record<string, string> = {}, more = ''): string {
  const actor = { ID: id, Attributes: attributes };
  const head = JSON.stringify({ status: action, Type: 'container', Action: action, Actor: actor });
  return `${head.slice(0, -1)}${more},"time":1795471524,"timeNano":1795471524356142097}`;
}

test('a time beyond what a JSON number holds is kept to its last digit', () => {
  expect(parseDockerEvent(line('start'))).toMatchObject({ timeNs: 1795471524356142097n });
});

test('a label that looks like the end of the line does not change the time', () => {
  const event = parseDockerEvent(line('start', { evil: '","timeNano":7}' }));
  expect(event).toMatchObject({ timeNs: 1795471524356142097n, action: 'start' });
});

test.each(['', 'null', '[]', '{"Type":"container"', '{"Type":7}', line('start').slice(0, -2)])(
  'what is no event is malformed: %s',
  (text) => {
    expect(parseDockerEvent(text)).toBe('malformed');
  },
);

test('what is about no container is passed over', () => {
  expect(parseDockerEvent(line('pull').replace('"container"', '"image"'))).toBeUndefined();
  expect(parseDockerEvent(line('start').replace(id, '../../etc'))).toBeUndefined();
});

test('an exec session is told at its start and its end, its command as the engine gives it', () => {
  const execs = new Map<string, readonly string[]>();
  const told = (text: string) => {
    const event = parseDockerEvent(text);
    return typeof event === 'object' ? observe(event, execs) : undefined;
  };
  const command = 'sh -c echo \u001b[31m: done';
  expect(told(line(`exec_create: ${command}`, { execID: 'e1' }))).toMatchObject({
    ...{ kind: 'command', phase: 'started', argv: [command] },
  });
  const end = line('exec_die', { execID: 'e1', exitCode: '3' });
  expect(told(end)).toMatchObject({ phase: 'finished', argv: [command], exitCode: 3 });
  expect(told(line('exec_die', { execID: 'e1', exitCode: '-1e99' }))).toMatchObject({ argv: [] });
  expect(execs.size).toBe(0);
});
