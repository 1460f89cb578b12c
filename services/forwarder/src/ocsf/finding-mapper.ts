// Detection Finding (2004): what a detector concluded, on which evidence.
import type { JsonObject } from '../json.ts';
import { type MappersOf, ownFields, type Wire } from './mapped.ts';

type Finding = Wire['finding']['finding'];

const behavioral = 2;
const affected = 3;
const confidences: Readonly<Record<Finding['confidence'], JsonObject>> = {
  low: { confidence: 'Low', confidence_id: 1 },
  medium: { confidence: 'Medium', confidence_id: 2 },
  high: { confidence: 'High', confidence_id: 3 },
};

/** The one kind of this family. */
export const findingMappers: MappersOf<'finding'> = {
  finding(body) {
    const { finding, ...unmapped } = ownFields(body);
    const { id, title, explanation, detector, bundle, sandbox, confidence, ...rest } = finding;
    const { v, tenant, timeNs, severity, techniques, evidence, ...own } = rest;
    return {
      class: 'detection_finding',
      activity: 1,
      subject: explanation,
      fields: {
        finding_info: {
          ...{ uid: id, title, desc: explanation, data_sources: sourcesOf(evidence) },
          analytic: { name: detector, uid: detector, type: 'Behavioral', type_id: behavioral },
          attacks: attacksOf(techniques),
          related_events: evidence.map(({ stream, seq }) => ({ uid: `${stream}/${seq}` })),
          related_events_count: evidence.length,
        },
        ...{ status: 'New', status_id: 1 },
        ...confidences[confidence],
        is_alert: true,
        evidences: evidence.map((each) => ({ uid: `${each.stream}/${each.seq}`, data: each })),
        resources: [{ uid: sandbox, type: 'sandbox', role: 'Affected', role_id: affected }],
      },
      unmapped: {
        ...unmapped,
        finding: { ...own, v, bundle, tenant, timeNs, severity, techniques, confidence },
      },
    };
  },
};

/** ATT&CK and ATLAS have techniques; what else there is stays among the unmapped. */
function attacksOf(techniques: Finding['techniques']): readonly JsonObject[] | undefined {
  const attacks = techniques
    .filter(({ framework }) => framework === 'attack' || framework === 'atlas')
    .map(({ id }) => ({ technique: { uid: id } }));
  return attacks.length === 0 ? undefined : attacks;
}

function sourcesOf(evidence: Finding['evidence']): readonly string[] {
  return [...new Set(evidence.map(({ stream }) => stream.split(':')[0] ?? stream))];
}
