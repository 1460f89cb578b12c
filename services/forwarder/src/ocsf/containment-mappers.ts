// Process and Network Remediation Activity (7003, 7004): what was asked of the scheduler, done and proven.
import type { JsonObject } from '../json.ts';
import { type HeaderWire, type Mapped, type MappersOf, ownFields, type Wire } from './mapped.ts';

type Request = Wire['containment.requested']['request'];
type Result = Wire['containment.applied']['result'];
type Level = Request['level'];

/** OCSF's activities after MITRE D3FEND; what a rung is. */
const rungs: Readonly<Record<Level, readonly [number | string, string]>> = {
  L0: [3, 'Let the sandbox go on.'],
  L1: [1, 'Cut the sandbox off the network.'],
  L2: [1, 'Freeze the sandbox.'],
  L3: ['Snapshot', 'Keep a forensic copy of the sandbox.'],
  L4: ['Revoke', 'Revoke the credentials of the sandbox.'],
  L5: [2, 'Kill the sandbox.'],
  L6: ['Disable', 'Disable the source of the sandbox.'],
};

/** The kinds of this family. */
export const containmentMappers: MappersOf<
  | 'containment.requested'
  | 'containment.approved'
  | 'containment.denied'
  | 'containment.refused'
  | 'containment.applied'
  | 'containment.verified'
  | 'containment.released'
  | 'containment.failed'
> = {
  'containment.requested'(body, header) {
    const { request, ...unmapped } = ownFields(body);
    const { id, level, reason } = request;
    const about = { commandUid: id, level, status: 'requested', detail: reason };
    return remediation(header, { ...about, unmapped: { ...unmapped, request } });
  },
  'containment.approved': (body, header) => decision(header, body, 'approved'),
  'containment.denied': (body, header) => decision(header, body, 'denied'),
  'containment.refused': (body, header) => decision(header, body, 'refused'),
  'containment.applied': (body, header) => outcome(header, body.result),
  'containment.verified': (body, header) => outcome(header, body.result),
  'containment.released': (body, header) => outcome(header, body.result),
  'containment.failed': (body, header) => outcome(header, body.result),
};

interface Remedy {
  readonly commandUid: string;
  /** Unknown where a person decided about a request that another record tells. */
  readonly level?: Level;
  readonly status: string;
  readonly detail?: string | undefined;
  readonly failed?: boolean;
  readonly fields?: JsonObject;
  readonly unmapped: JsonObject;
}

type Decision =
  | Wire['containment.approved']
  | Wire['containment.denied']
  | Wire['containment.refused'];

function decision(header: HeaderWire, body: Decision, status: string): Mapped {
  const { requestId, by, reason, ...unmapped } = ownFields(body);
  return remediation(header, {
    ...{ commandUid: requestId, status, detail: reason, failed: status !== 'approved', unmapped },
    fields: { actor: { user: { name: by } } },
  });
}

function outcome(header: HeaderWire, result: Result): Mapped {
  const { requestId, level, state, detail } = result;
  const released = state === 'released' ? 'L0' : level;
  return remediation(header, {
    ...{ commandUid: requestId, level: released, status: state, detail },
    failed: state === 'failed',
    unmapped: { result },
  });
}

function remediation({ sandbox }: HeaderWire, remedy: Remedy): Mapped {
  const { commandUid, level, status, detail, failed = false, fields, unmapped } = remedy;
  const [activity, desc] =
    level === undefined ? ['Decide', `Containment ${status}.`] : rungs[level];
  const isNetwork = level === 'L1';
  return {
    class: isNetwork ? 'network_remediation_activity' : 'process_remediation_activity',
    activity,
    failed,
    subject: `${desc} ${status}`,
    fields: {
      command_uid: commandUid,
      remediation: { desc },
      status_detail: detail ?? status,
      ...(isNetwork
        ? { connection_info: { direction: 'Outbound', direction_id: 2 } }
        : { process: { uid: sandbox, name: sandbox } }),
      ...fields,
    },
    unmapped: { ...unmapped, containment: { level, status } },
  };
}
