// One sealed event as one OCSF 1.8 event, with what is needed to verify it from this event alone.
import type { Kind } from '@sandtrail/schemas/events';
import type { BodyWire } from '@sandtrail/schemas/observation';
import type { JsonObject } from '../json.ts';
import { agentMappers } from './agent-mappers.ts';
import { classes, type OcsfClass, ocsfVersion, otherActivity } from './classes.ts';
import { containmentMappers } from './containment-mappers.ts';
import { controlMappers } from './control-mappers.ts';
import { feedMappers } from './feed-mappers.ts';
import { fileMappers } from './file-mappers.ts';
import { findingMappers } from './finding-mapper.ts';
import { kernelMappers } from './kernel-mappers.ts';
import { lifecycleMappers } from './lifecycle-mappers.ts';
import type { HeaderWire, Mapped, MappersOf, Wire } from './mapped.ts';
import { networkMappers } from './network-mappers.ts';
import { actorOf, deviceOf } from './objects.ts';
import { peopleMappers } from './people-mappers.ts';
import { processMappers } from './process-mappers.ts';
import { ocsfSeverity, severityOf } from './severity.ts';

/** Raised with every change of what an event becomes; each event says by which it was made. */
export const mapperVersion = '1';

/** Where a row stands, and the hashes that tie it there: 64 hexadecimal digits each. */
export interface Seal {
  readonly chain: string;
  readonly pos: bigint;
  readonly offset: bigint;
  readonly leaf: string;
  readonly link: string | undefined;
  /** The link of the position before; at position 0 the chain's genesis link. */
  readonly linkBefore: string | undefined;
}

/** One sealed row, parsed, with the exact text of its parts. */
export interface SealedEvent {
  readonly seal: Seal;
  readonly header: HeaderWire;
  readonly body: BodyWire;
  readonly headerText: string;
  readonly bodyText: string;
}

const mappers: MappersOf<Kind> = {
  ...processMappers,
  ...fileMappers,
  ...kernelMappers,
  ...networkMappers,
  ...agentMappers,
  ...lifecycleMappers,
  ...findingMappers,
  ...feedMappers,
  ...containmentMappers,
  ...controlMappers,
  ...peopleMappers,
};

const subjectCharsMax = 256;
const nsPerMs = 1_000_000n;
const product = {
  ...{ name: 'Sandtrail', vendor_name: 'Sandtrail' },
  feature: { name: 'ocsf-mapper', version: mapperVersion },
} as const;

/**
 * The OCSF event. `raw_data` is the sealed body's exact text and `unmapped.record_integrity` holds
 * the exact header, so that leaf and link can be computed from the event alone (`Seal`).
 */
export function toOcsf(event: SealedEvent): JsonObject {
  const { seal, header, body, headerText, bodyText } = event;
  const mapped = mapBody(body.kind, body, header);
  const { kind, stream, seq, cause, agent, redactions, raw } = body;
  return {
    time: millisOf(header.timeNs),
    ...classification(mapped),
    ...ocsfSeverity(severityOf(body)),
    ...(mapped.failed === true
      ? { status: 'Failure', status_id: 2 }
      : { status: 'Success', status_id: 1 }),
    message: `${kind}: ${mapped.subject}`.slice(0, subjectCharsMax).toWellFormed(),
    metadata: {
      ...{ version: ocsfVersion, product, profiles: profilesOf(mapped) },
      ...{
        uid: recordUid(seal),
        event_code: kind,
        tenant_uid: header.tenant,
        log_provider: stream,
      },
      ...{ original_time: body.observedAtNs, logged_time: millisOf(header.receivedAtNs) },
      labels: [`trust:${header.trust}`],
    },
    device: deviceOf(body, header),
    actor: actorOf(body, header),
    ...mapped.fields,
    raw_data: bodyText,
    unmapped: {
      ...mapped.unmapped,
      ...{ seq, cause, agent, redactions, raw },
      record_integrity: integrityOf(seal, headerText),
    },
  };
}

/** The event of a row that is none of the contract's events: its bytes, and where they stand. */
export function toUnreadable(seal: Seal, headerText: string, bodyText: string): JsonObject {
  const activity = { class: 'base_event', activity: 'Unreadable', failed: true } as const;
  return {
    time: 0,
    ...classification({ ...activity, subject: '', fields: {}, unmapped: {} }),
    ...ocsfSeverity('high'),
    ...{ status: 'Failure', status_id: 2 },
    message: 'A sealed record could not be read as an event.',
    metadata: { version: ocsfVersion, product, uid: recordUid(seal) },
    raw_data: bodyText,
    unmapped: { record_integrity: integrityOf(seal, headerText) },
  };
}

/** A record's name everywhere: who gets it twice knows it by this. */
export function recordUid({ chain, pos }: Pick<Seal, 'chain' | 'pos'>): string {
  return `${chain}:${pos}`;
}

function mapBody<K extends Kind>(kind: K, body: Wire[K], header: HeaderWire): Mapped {
  return mappers[kind](body, header);
}

function classification({ class: name, activity }: Mapped): JsonObject {
  const { uid, name: className, categoryUid, categoryName, activities }: OcsfClass = classes[name];
  const id = typeof activity === 'number' ? activity : otherActivity;
  const activityName = typeof activity === 'number' ? (activities[activity] ?? '') : activity;
  return {
    ...{ category_uid: categoryUid, category_name: categoryName },
    ...{ class_uid: uid, class_name: className, activity_id: id, activity_name: activityName },
    ...{ type_uid: uid * 100 + id, type_name: `${className}: ${activityName}` },
  };
}

function profilesOf({ fields }: Mapped): readonly string[] {
  return fields['ai_model'] === undefined ? ['host'] : ['host', 'ai_operation'];
}

/** After the profile `record_integrity` of OCSF 1.9-dev; strict 1.8 has no other place for it. */
function integrityOf(seal: Seal, headerText: string): JsonObject {
  const { chain, pos, offset, leaf, link, linkBefore } = seal;
  return {
    chain_uid: chain,
    position: `${pos}`,
    offset: `${offset}`,
    ...{ leaf, link, link_before: linkBefore },
    header: headerText,
  };
}

function millisOf(ns: string): number {
  return Number(BigInt(ns) / nsPerMs);
}
