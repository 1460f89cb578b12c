// A stream: the records of one collector's epoch about one sandbox's life, numbered without holes.
import * as z from 'zod';
import { type SandboxUid, SandboxUid as SandboxUidSchema } from './scalars.ts';

const pattern =
  /^([a-z][a-z0-9-]{0,31}):([A-Za-z0-9._-]{1,64}):(\d{1,10}):([a-z0-9-]{7,63}):(\d{1,10})$/;

/** `collector:node:epoch:sandbox:incarnation`; sequence numbers start at 0 within it. */
export const StreamId = z.string().regex(pattern).brand<'StreamId'>();
export type StreamId = z.infer<typeof StreamId>;

/** The parts of a stream's name. */
export interface StreamParts {
  readonly collector: string;
  readonly node: string;
  readonly epoch: number;
  readonly sandbox: SandboxUid;
  readonly incarnation: number;
}

/** Writes a stream's name; throws a ZodError when a part does not fit. */
export function formatStream(parts: StreamParts): StreamId {
  const { collector, node, epoch, sandbox, incarnation } = parts;
  return StreamId.parse(`${collector}:${node}:${epoch}:${sandbox}:${incarnation}`);
}

/** Reads a stream's name; throws a ZodError when it is not one. */
export function parseStream(stream: string): StreamParts {
  const match = pattern.exec(StreamId.parse(stream));
  const [, collector = '', node = '', epoch = '', sandbox = '', incarnation = ''] = match ?? [];
  return {
    collector,
    node,
    epoch: Number(epoch),
    sandbox: SandboxUidSchema.parse(sandbox),
    incarnation: Number(incarnation),
  };
}
