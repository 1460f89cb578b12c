// Base Event (0): what keeps the record together and has no class in OCSF: genesis, checkpoints, ticks.
import { type MappersOf, ownFields } from './mapped.ts';

/** The kinds of this family. */
export const controlMappers: MappersOf<'control.genesis' | 'control.checkpoint' | 'control.tick'> =
  {
    'control.genesis'(body) {
      const subject = `${body.log} ${body.topic} ${body.partition}`;
      const about = { class: 'base_event', activity: 'Genesis' } as const;
      return { ...about, subject, fields: {}, unmapped: ownFields(body) };
    },
    'control.checkpoint'(body) {
      const subject = `${body.signedChain} at ${body.size}`;
      const about = { class: 'base_event', activity: 'Checkpoint' } as const;
      return { ...about, subject, fields: {}, unmapped: ownFields(body) };
    },
    'control.tick'() {
      const about = { class: 'base_event', activity: 'Tick' } as const;
      return { ...about, subject: 'time passes', fields: {}, unmapped: {} };
    },
  };
