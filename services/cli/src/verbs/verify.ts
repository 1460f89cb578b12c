// `sandtrail verify`: is the record whole, and does anything outside confirm it?

import { existsSync } from 'node:fs';
import { splitLines } from '@sandtrail/chain/split-lines';
import { exitOf } from '@sandtrail/chain/verdict';
import { verifyBundle } from '@sandtrail/chain/verify-bundle';
import { callAdmin, isServed } from '@sandtrail/local/admin-client';
import { type Layout, layoutOf } from '@sandtrail/local/layout';
import { verifyServed } from '@sandtrail/local/served-store';
import { openStopped } from '@sandtrail/local/stopped';
import {
  HeadFile,
  VerifyReport as Report,
  TrustFile,
  type VerifyReport,
} from '@sandtrail/schemas/seal';
import * as z from 'zod';
import { openInput } from '../input.ts';
import { readJson } from '../json-file.ts';
import type { Verb, VerbContext } from '../verb.ts';
import { reportText } from '../verify-text.ts';

/** Verifies the store of a data directory, of a ClickHouse server, or a bundle that `export` wrote. */
export const verifyVerb: Verb = {
  name: 'verify',
  summary: 'verify the sealed record: bytes, order, completeness, checkpoints',
  usage: '',
  options: {
    bundle: {
      type: 'string',
      value: 'FILE',
      help: 'verify an exported bundle (`-`: standard input)',
    },
    url: {
      type: 'string',
      value: 'URL',
      help: 'verify the store in a ClickHouse server, such as https://clickhouse.example:8443',
    },
    trust: {
      type: 'string',
      value: 'FILE',
      help: 'the keys that you pin (default: those of the data directory)',
    },
    head: {
      type: 'string',
      value: 'FILE',
      help: 'earlier checkpoints that you kept outside; without them nothing is anchored',
    },
  },
  examples: [
    'sandtrail verify --head /mnt/elsewhere/heads.json',
    'sandtrail export > bundle.ndjson && sandtrail verify --bundle bundle.ndjson --trust trust.json --head heads.json',
  ],
  exits: {
    0: 'verified and anchored',
    1: 'tampered: each finding names code, chain and position',
    2: 'nothing contradicts, but nothing outside confirms (or it is unsealed)',
    3: 'the input is incomplete, or holds no rows',
    64: 'the command line is not understood',
  },
  async run(context) {
    const report = await reportOf(context);
    const json = JSON.stringify(z.encode(Report, report), null, 2);
    await context.out(context.flags.has('json') ? `${json}\n` : reportText(report));
    return exitOf(report);
  },
};

async function reportOf(context: VerbContext): Promise<VerifyReport> {
  const { options, stdin, data } = context;
  const layout = layoutOf(data);
  const headFile = options.get('head');
  const heads =
    headFile === undefined
      ? undefined
      : await readJson({ file: headFile, stdin, schema: HeadFile });
  const trust = await trustOf(context, layout);
  const bundle = options.get('bundle');
  if (bundle !== undefined) {
    const lines = splitLines(openInput({ file: bundle, stdin }));
    return verifyBundle({ lines, trust, heads });
  }
  const known = {
    ...(trust === undefined ? {} : { trust }),
    ...(heads === undefined ? {} : { heads }),
  };
  const url = options.get('url');
  if (url !== undefined) return verifyServed(url, known);
  if (await isServed(layout.adminSocket)) {
    const { adminSocket: socket } = layout;
    const answer = await callAdmin({ socket, method: 'POST', path: '/v1/verify', input: known });
    return Report.parse(answer);
  }
  const stopped = await openStopped(layout);
  try {
    return await stopped.verify(known);
  } finally {
    await stopped.close();
  }
}

/** The file that the user pins, or the installation's own; a bundle from elsewhere has none of its own. */
async function trustOf({ options, stdin }: VerbContext, layout: Layout) {
  const own = options.has('bundle') || !existsSync(layout.trustFile) ? undefined : layout.trustFile;
  const file = options.get('trust') ?? own;
  return file === undefined ? undefined : readJson({ file, stdin, schema: TrustFile });
}
