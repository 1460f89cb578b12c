// The places of a log in their fixed order: topics as the contract lists them, partitions from 0.
import { Topic } from '@sandtrail/schemas/topics';
import type { Place } from './bus.ts';

/** How many partitions each topic has. */
export type Partitions = Readonly<Record<Topic, number>>;

/** A place by one name, such as `events-0`: its directory and its key. */
export function placeName({ topic, partition }: Place): string {
  return `${topic}-${partition}`;
}

/** Every place; the index of a place is its slot in the signal memory. */
export function placesOf(partitions: Partitions): readonly Place[] {
  return Topic.options.flatMap((topic) =>
    Array.from({ length: partitions[topic] }, (_, partition) => ({ topic, partition })),
  );
}
