// Incident Finding (2005), Authentication (3002), API Activity (6003): what people did with Sandtrail.
import type { JsonObject } from '../json.ts';
import { type MappersOf, ownFields, type Wire } from './mapped.ts';
import { sandboxEndpoint } from './objects.ts';

type Verdict = NonNullable<Wire['control.alert']['verdict']>;

const verdicts: Readonly<Record<Verdict, JsonObject>> = {
  true_positive: { verdict: 'True Positive', verdict_id: 2 },
  false_positive: { verdict: 'False Positive', verdict_id: 1 },
  benign: { verdict: 'Benign', verdict_id: 5 },
  duplicate: { verdict: 'Duplicate', verdict_id: 10 },
};
const closed = { status: 'Closed', status_id: 5 } as const;
const inProgress = { status: 'In Progress', status_id: 2 } as const;
const sandtrail = { name: 'Sandtrail' } as const;

const signIns = { linked: 'Link', signed_in: 1, refused: 1, ended: 2 } as const;

/** The kinds of this family. */
export const peopleMappers: MappersOf<
  'control.alert' | 'control.sign_in' | 'control.verification' | 'control.audit'
> = {
  'control.alert'(body) {
    const { actor, findings, owner, verdict, reason, ...unmapped } = ownFields(body);
    return {
      class: 'incident_finding',
      activity: body.act === 'close' ? 3 : 2,
      subject: `${actor}: ${body.act}`,
      fields: {
        ...(body.act === 'close' ? closed : inProgress),
        actor: { user: { name: actor } },
        assignee: { name: owner ?? actor },
        finding_info_list: findings.map((uid) => ({ uid })),
        ...(verdict === undefined ? {} : verdicts[verdict]),
        comment: reason,
      },
      unmapped: { ...unmapped, verdict },
    };
  },
  'control.sign_in'(body) {
    const { actor, session, detail, ...unmapped } = ownFields(body);
    return {
      class: 'authentication',
      activity: signIns[body.act],
      failed: body.act === 'refused',
      subject: `${actor} ${body.act}`,
      fields: {
        user: { name: actor },
        actor: { user: { name: actor } },
        session: session === '' ? undefined : { uid: session },
        service: sandtrail,
        status_detail: detail,
      },
      unmapped,
    };
  },
  'control.verification'(body, header) {
    const { actor, code, detail, ...unmapped } = ownFields(body);
    const { verdict, verifiedChain, from, to, rows, position } = body;
    const data = { verifiedChain, from, to, rows, verdict, position };
    return {
      class: 'api_activity',
      activity: 'Verify',
      failed: verdict === 'broken' || verdict === 'gap',
      subject: `${actor}: ${verdict}`,
      fields: {
        actor: { user: { name: actor } },
        src_endpoint: sandboxEndpoint(header),
        api: { operation: 'verify', service: sandtrail, response: { data } },
        ...{ status_code: code, status_detail: detail },
      },
      unmapped,
    };
  },
  'control.audit'(body, header) {
    const { actor, act, detail, outcome, ...unmapped } = ownFields(body);
    const request = { uid: `${body.stream}/${body.seq}`, data: detail };
    return {
      class: 'api_activity',
      activity: 'Use',
      failed: outcome !== 'done',
      subject: `${actor}: ${act}`,
      fields: {
        actor: { user: { name: actor } },
        src_endpoint: sandboxEndpoint(header),
        api: { operation: act, service: sandtrail, request },
        status_detail: outcome,
      },
      unmapped,
    };
  },
};
