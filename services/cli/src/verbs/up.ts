// `sandtrail up`: the recorder, in the foreground, until Ctrl-C; with `--tour` it shows what it can.
import { once } from 'node:events';
import { isServed } from '@sandtrail/local/admin-client';
import { layoutOf } from '@sandtrail/local/layout';
import { runTour } from '@sandtrail/local/tour/tour';
import { effectiveConfiguration, startUp } from '@sandtrail/local/up';
import { SandtrailError } from '@sandtrail/schemas/errors';
import type { Verb } from '../verb.ts';

const consoleHint = 'Console: `sandtrail console` prints a sign-in link.';

/** Options that are settings of `config.yaml` as well. */
const settings: ReadonlySet<string> = new Set(['bus', 'store']);

/** Starts the product; ends it in order when told to. */
export const upVerb: Verb = {
  name: 'up',
  summary: 'start the recorder and stay until Ctrl-C',
  usage: '',
  options: {
    tour: { type: 'boolean', help: 'show what it can: real workloads, attacks, proofs' },
    once: { type: 'boolean', help: 'with --tour: stop after the tour' },
    yes: { type: 'boolean', short: 'y', help: 'install what the machine lacks without asking' },
    bus: {
      type: 'string',
      value: 'URL',
      help: 'the log: embedded, or kafka://HOST:PORT[,…][?replication=N]',
    },
    store: { type: 'string', value: 'URL', help: 'embedded, or a ClickHouse server’s URL' },
    'print-config': { type: 'boolean', help: 'print the effective configuration and stop' },
  },
  examples: [
    'sandtrail up',
    'sandtrail up --tour --yes',
    'sandtrail up --data /srv/sandtrail',
    'sandtrail up --bus kafka://127.0.0.1:9092?replication=1',
  ],
  exits: {
    0: 'stopped in order',
    1: 'the tour did not show what it promises',
    73: 'the data directory cannot be used',
    75: 'the data directory is in use',
    77: 'the broker refuses this client',
    78: 'a topic is not as sealing needs it, or another log’s',
  },
  async run(context) {
    const { data, flags, options, stdin, err, out, signal } = context;
    const layout = layoutOf(data);
    const given = Object.fromEntries([...options].filter(([name]) => settings.has(name)));
    if (flags.has('print-config')) {
      await out(`${JSON.stringify(effectiveConfiguration(layout, given), null, 2)}\n`);
      return 0;
    }
    if (await isServed(layout.adminSocket)) {
      throw new SandtrailError('DATA_DIR_IN_USE', { detail: `${data} is served already` });
    }
    const tour = flags.has('tour');
    const product = await startUp({ data, tour, yes: flags.has('yes'), stdin, err, given, signal });
    try {
      const shown = tour ? await runTour({ layout, product, out, signal }) : true;
      if (!signal.aborted && !(tour && flags.has('once'))) {
        await out(`Recording. Data: ${layout.root}. Stop with Ctrl-C.\n`);
        if (effectiveConfiguration(layout).console !== 'off') await out(`${consoleHint}\n`);
        await once(signal, 'abort');
      }
      return shown ? 0 : 1;
    } finally {
      await product.stop();
    }
  },
};
