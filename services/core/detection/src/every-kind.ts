// The names of all kinds of event, for a detector that watches every stream.
import { Body, type Kind } from '@sandtrail/schemas/events';

/** Every kind, in the order of the schema. */
export const everyKind: readonly Kind[] = Body.options.map(({ shape }) => shape.kind.value);
