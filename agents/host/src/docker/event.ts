// One line of the engine's event stream, parsed at the rim: text from container names and labels is hostile.
import * as z from 'zod';

const Line = z.object({
  Type: z.string().max(64),
  Action: z.string().max(65_536),
  Actor: z.object({ ID: z.string().max(256), Attributes: z.record(z.string(), z.string()) }),
});

/** What happened to a container. */
export interface DockerEvent {
  /** The container's id, also where a network is what the event is about. */
  readonly container: string;
  /** `start`, `die`, `pause`, `exec_create` …: what stands before a colon. */
  readonly action: string;
  /** What stands after it: the command of an `exec_create`. */
  readonly rest: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly timeNs: bigint;
  /** The same event again, after a reconnection, has the same key. */
  readonly key: string;
}

/** The last field of the engine's own encoding; as a JSON number it would lose its last digits. */
const timeNano = /"timeNano":(\d{1,20})\}$/;

/** Reads a line; `undefined` for what is about no container, a string (the reason) for what is none. */
export function parseDockerEvent(line: string): DockerEvent | undefined | 'malformed' {
  const parsed = Line.safeParse(jsonOf(line));
  const time = timeNano.exec(line.trimEnd())?.[1];
  if (!parsed.success || time === undefined) return 'malformed';
  const { Type: type, Action: text, Actor: actor } = parsed.data;
  const container = type === 'network' ? (actor.Attributes['container'] ?? '') : actor.ID;
  if ((type !== 'container' && type !== 'network') || !/^[0-9a-f]{64}$/.test(container)) {
    return undefined;
  }
  const at = text.indexOf(':');
  const action = at === -1 ? text : text.slice(0, at);
  return {
    container,
    action: type === 'network' ? `network_${action}` : action,
    rest: at === -1 ? '' : text.slice(at + 1).trimStart(),
    attributes: actor.Attributes,
    timeNs: BigInt(time),
    key: `${container} ${text} ${time}`,
  };
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
