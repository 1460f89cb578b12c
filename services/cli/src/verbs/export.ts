// `sandtrail export`: the sealed record as a bundle that a stranger verifies offline.
import { isServed, streamAdmin } from '@sandtrail/local/admin-client';
import { layoutOf } from '@sandtrail/local/layout';
import { openStopped } from '@sandtrail/local/stopped';
import type { Verb, VerbContext } from '../verb.ts';

/** Writes the bundle (NDJSON) to standard output. */
export const exportVerb: Verb = {
  name: 'export',
  summary: 'write the sealed record as a bundle for `verify --bundle`',
  usage: '> FILE',
  options: {},
  examples: ['sandtrail export > bundle.ndjson', 'sandtrail export | zstd > bundle.ndjson.zst'],
  exits: { 0: 'written whole', 69: 'no data here' },
  async run(context) {
    for await (const line of linesOf(context)) await context.out(`${line}\n`);
    return 0;
  },
};

async function* linesOf({ data, signal }: VerbContext): AsyncGenerator<string> {
  const layout = layoutOf(data);
  if (await isServed(layout.adminSocket)) {
    const { adminSocket: socket } = layout;
    yield* streamAdmin({ socket, method: 'GET', path: '/v1/export', signal });
    return;
  }
  const stopped = await openStopped(layout);
  try {
    yield* stopped.export();
  } finally {
    await stopped.close();
  }
}
