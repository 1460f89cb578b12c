// `sandtrail ingest --source NAME [FILE | -]`: another product's events, by the normal way.
import { lineSizeMax, splitLines } from '@sandtrail/chain/split-lines';
import { feedNames, type IngestSummary, ingest } from '@sandtrail/local/ingest';
import { layoutOf } from '@sandtrail/local/layout';
import { newSandboxUid } from '@sandtrail/local/run-watched';
import { effectiveConfiguration } from '@sandtrail/local/up';
import { systemClock, systemRandom } from '@sandtrail/runtime/clock';
import { createCounters } from '@sandtrail/runtime/counters';
import { silentLogger } from '@sandtrail/runtime/log';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { SandboxUid } from '@sandtrail/schemas/scalars';
import { openInput } from '../input.ts';
import { printable } from '../printable.ts';
import type { Verb, VerbContext } from '../verb.ts';

/** Beyond so many the rest is counted and no longer named. */
const namedMax = 100;

/** Reads a feed to its end and says what became of every entry. */
export const ingestVerb: Verb = {
  name: 'ingest',
  summary: 'take in the events of Falco, Tetragon, OpenTelemetry or Claude Code',
  usage: '[FILE | -]',
  options: {
    source: { type: 'string', value: 'NAME', help: feedNames.join(', ') },
    sandbox: { type: 'string', value: 'UID', help: 'whom it is about (default: a new uid)' },
    follow: { type: 'boolean', help: 'with `-`: say now and then how far it is, until Ctrl-C' },
  },
  examples: [
    'sandtrail ingest --source falco /var/log/falco/events.json',
    'tail -F /var/log/tetragon/tetragon.log | sandtrail ingest --source tetragon --follow -',
    'sandtrail ingest --source otlp --sandbox UID traces.jsonl --json',
  ],
  exits: {
    0: 'every entry was taken, or is of a kind that Sandtrail has no record for',
    64: 'the command line is not understood',
    65: 'some entries were malformed or refused; the others were taken',
    66: 'the file cannot be read',
    69: 'no Sandtrail serves this data directory',
  },
  async run(context) {
    const { options, positionals, flags, stdin, err, out } = context;
    const source = sourceOf(options.get('source'));
    const file = positionals[0] ?? '-';
    const isFollowing = flags.has('follow');
    if (isFollowing && file !== '-') {
      const detail = 'follow a file with: tail -F FILE | sandtrail ingest --follow -';
      throw new SandtrailError('USAGE', { detail });
    }
    let named = 0;
    const input = openInput({ file, stdin });
    context.signal.addEventListener('abort', () => input.destroy(), { once: true });
    const summary = await ingest({
      ...{ source, incarnation: 0, lineSizeMax },
      sandbox: sandboxOf(options.get('sandbox')),
      isOwn: !options.has('sandbox'),
      surroundings: surroundingsOf(context),
      lines: untilAborted(splitLines(input), context.signal),
      onRefused({ line, reason, detail }) {
        named += 1;
        if (named > namedMax) return;
        err(`sandtrail: ${printable(file)}:${line}: ${reason}: ${printable(detail, 300)}\n`);
      },
      onProgress: (now) => isFollowing && err(`sandtrail: ${sentenceOf(now)}\n`),
    });
    if (named > namedMax) err(`sandtrail: ${named - namedMax} more are counted, not named\n`);
    await out(flags.has('json') ? `${JSON.stringify(summary)}\n` : `${sentenceOf(summary)}\n`);
    const harmless = new Set(['unsupported', 'no_event']);
    return Object.keys(summary.refused).every((reason) => harmless.has(reason)) ? 0 : 65;
  },
};

function sourceOf(source: string | undefined): string {
  if (source !== undefined && feedNames.includes(source)) return source;
  throw new SandtrailError('USAGE', { detail: `name a source: ${feedNames.join(', ')}` });
}

function sandboxOf(uid: string | undefined): SandboxUid {
  if (uid === undefined) return newSandboxUid(systemRandom);
  const parsed = SandboxUid.safeParse(uid);
  if (parsed.success) return parsed.data;
  throw new SandtrailError('USAGE', { detail: 'a uid has 7 to 63 of a-z, 0-9 and -' });
}

function surroundingsOf({ data }: VerbContext) {
  const layout = layoutOf(data);
  return {
    ...{ layout, clock: systemClock, random: systemRandom },
    ...{ configuration: effectiveConfiguration(layout), counters: createCounters() },
    log: silentLogger,
  };
}

function sentenceOf(summary: IngestSummary): string {
  const { source, sandbox, received, passed, refused, records, waiting, lost } = summary;
  const reasons = Object.entries(refused).map(([reason, count]) => `${count} ${reason}`);
  const refusals = reasons.length === 0 ? '0 refused' : reasons.join(' + ');
  const spool = waiting === 0 ? '' : `; ${waiting} wait in the spool`;
  const losses = lost === '0' ? '' : `; the source itself lost ${lost}`;
  return `${source}: ${received} received = ${passed} passed + ${refusals}; ${records} records in ${sandbox}${spool}${losses}`;
}

/** Ctrl-C ends the input, and what was read is still accounted for. */
async function* untilAborted(lines: AsyncIterable<string>, signal: AbortSignal) {
  try {
    yield* lines;
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
