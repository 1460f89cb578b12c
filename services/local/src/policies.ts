// What each sandbox's policy allows to be done to it without a person, as its creation recorded it.
import type { LogReader, Place } from '@sandtrail/bus/bus';
import { followLog } from '@sandtrail/bus/follow';
import { Body } from '@sandtrail/schemas/events';
import { decodeFrame } from '@sandtrail/schemas/frame';
import type { Policy } from '@sandtrail/schemas/policy';
import type { OpenedStore } from '@sandtrail/store/open-store';
import * as z from 'zod';
import type { About } from './service-records.ts';

interface PoliciesOptions {
  readonly bus: LogReader;
  readonly places: readonly Place[];
  readonly store: OpenedStore;
  readonly signal: AbortSignal;
}

/** Policies by sandbox's life. */
export interface Policies {
  responsesOf(about: About): Policy['responses'] | undefined;
  /** Rejects when following the log broke; resolves after the signal. */
  readonly ended: Promise<void>;
}

const keptMax = 20_000;
const mark = Buffer.from('"kind":"sandbox.created"');
const page = { recordsMax: 2000, sizeBytesMax: 8 * 1024 * 1024 };
const StoredLine = z.looseObject({ sandbox: z.string(), incarnation: z.number() });

/** Reads the policies that are stored, then follows the log: bytes are searched, little is parsed. */
export async function followPolicies({ bus, places, store, signal }: PoliciesOptions) {
  const known = new Map<string, Policy['responses']>();
  const keep = (sandbox: string, incarnation: number, body: unknown) => {
    const parsed = Body.safeParse(body);
    if (!parsed.success || parsed.data.kind !== 'sandbox.created') return;
    known.set(`${sandbox}:${incarnation}`, parsed.data.policy.responses);
    const [oldest] = known.keys();
    if (known.size > keptMax && oldest !== undefined) known.delete(oldest);
  };
  const starts = new Map<Place, bigint>();
  for (const place of places) starts.set(place, (await bus.bounds(place)).next);
  for await (const line of store.queryEvents({ kind: 'sandbox.created', limit: keptMax })) {
    const { sandbox, incarnation, ...rest } = StoredLine.parse(JSON.parse(line));
    keep(sandbox, incarnation, bodyFields(rest));
  }
  const follow = async (place: Place) => {
    const from = starts.get(place) ?? 0n;
    for await (const records of followLog({ reader: bus, place, from, ...page, signal })) {
      for (const { value } of records) {
        if (!value.includes(mark)) continue;
        const frame = decodeFrame(value);
        if (typeof frame === 'string') continue;
        const header = StoredLine.parse(JSON.parse(frame.header.toString()));
        keep(header.sandbox, header.incarnation, JSON.parse(frame.body.toString()));
      }
    }
  };
  const ended = Promise.all(places.map(follow)).then(() => undefined);
  const policies: Policies = {
    responsesOf: ({ sandbox, incarnation }) => known.get(`${sandbox}:${incarnation}`),
    ended,
  };
  return policies;
}

const notOfBody = [
  'chain',
  'pos',
  'offset',
  'tenant',
  'trust',
  'credential',
  'receivedAtNs',
  'timeNs',
  'admission',
];

function bodyFields(line: Readonly<Record<string, unknown>>): unknown {
  return Object.fromEntries(Object.entries(line).filter(([name]) => !notOfBody.includes(name)));
}
