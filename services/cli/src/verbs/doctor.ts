// `sandtrail doctor`: what really works on this machine, what is blind, and how to mend it.
import { examine } from '@sandtrail/local/examine';
import type { Verb } from '../verb.ts';

const marks = { on: '✓', degraded: '~', off: '✗' } as const;

/** Loads the real sensors and contains a canary; prints the effective mode, never the wished one. */
export const doctorVerb: Verb = {
  name: 'doctor',
  summary: 'try everything that Sandtrail needs here and say what really works',
  usage: '',
  options: {},
  examples: ['sandtrail doctor', 'sandtrail doctor --json'],
  exits: { 0: 'a sensor and a sandbox work here', 1: 'sandboxes cannot be watched here' },
  async run({ data, flags, out, err }) {
    if (!flags.has('json')) err('sandtrail: trying the real thing, some 5 s …\n');
    const diagnosis = await examine(data);
    const { checks, watching, blind } = diagnosis;
    const sandboxed = checks.some(({ name, state }) => name === 'bubblewrap' && state !== 'off');
    const exit = watching !== 'nothing' && sandboxed ? 0 : 1;
    if (flags.has('json')) {
      await out(`${JSON.stringify(diagnosis)}\n`);
      return exit;
    }
    const width = Math.max(...checks.map(({ name }) => name.length));
    for (const { name, state, mode, why, remedy } of checks) {
      await out(`${marks[state]} ${name.padEnd(width)}  ${mode}\n`);
      if (why !== '') await out(`  ${''.padEnd(width)}  why:    ${why}\n`);
      if (remedy !== '') await out(`  ${''.padEnd(width)}  remedy: ${remedy}\n`);
    }
    await out(`\nSandboxes are watched by: ${watching}. What it cannot see:\n`);
    for (const spot of blind) await out(`  - ${spot}\n`);
    return exit;
  },
};
