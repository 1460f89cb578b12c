// Detection Finding (2004): another product's alert, told on as that product's.
import { type MappersOf, ownFields } from './mapped.ts';

const rule = 1;

/** The one kind of this family. */
export const feedMappers: MappersOf<'feed.alert'> = {
  'feed.alert'(body) {
    const { source, rule: name, message, ...unmapped } = ownFields(body);
    return {
      class: 'detection_finding',
      activity: 1,
      subject: message,
      fields: {
        finding_info: {
          ...{ uid: `${body.stream}/${body.seq}`, title: name, desc: message },
          data_sources: [source],
          analytic: { name, uid: name, type: 'Rule', type_id: rule },
        },
        ...{ status: 'New', status_id: 1 },
        is_alert: true,
      },
      unmapped,
    };
  },
};
