// How each destination stands, as the admin socket tells it, and in one line for people.
import * as z from 'zod';

const Lane = z.strictObject({
  received: z.int(),
  sent: z.int(),
  filtered: z.int(),
  dead: z.int(),
  lagRows: z.int(),
  lagMs: z.number(),
  failures: z.int(),
  state: z.enum(['flowing', 'retrying', 'open', 'blocked']),
  failure: z.string().optional(),
});

/** One destination: each lane counts for itself. */
export const DestinationState = z.strictObject({
  name: z.string(),
  type: z.string(),
  lanes: z.strictObject({ urgent: Lane.optional(), bulk: Lane.optional() }),
  failure: z.string().optional(),
});
export type DestinationState = z.infer<typeof DestinationState>;

/** What `GET /v1/forward` answers. */
export const ForwardStatus = z.array(DestinationState);

/** What `POST /v1/forward/test` answers: `delivered`, `again`, or the code of a refusal. */
export const TestAnswer = z.strictObject({ verdict: z.string() });

/** What `POST /v1/forward/replay` answers. */
export const ReplayAnswer = z.strictObject({ delivered: z.int(), left: z.int() });

/** Both lanes added up, and the worse state of the two. */
export function destinationTotal({ lanes, failure }: DestinationState) {
  const both = [lanes.urgent, lanes.bulk].filter((lane) => lane !== undefined);
  const sum = (name: 'received' | 'sent' | 'filtered' | 'dead' | 'lagRows') =>
    both.reduce((total, lane) => total + lane[name], 0);
  const worst = both.toSorted((a, b) => rank(b.state) - rank(a.state))[0];
  return {
    ...{ received: sum('received'), sent: sum('sent'), filtered: sum('filtered') },
    ...{ dead: sum('dead'), lagRows: sum('lagRows') },
    state: failure === undefined ? (worst?.state ?? 'starting') : 'failed',
    failure: failure ?? worst?.failure,
  };
}

/** One destination in one line; a failure never quotes an event. */
export function destinationLine(destination: DestinationState): string {
  const { name, type } = destination;
  const { sent, filtered, dead, lagRows, state, failure } = destinationTotal(destination);
  const counts = `${sent} sent, ${filtered} filtered, ${dead} dead, ${lagRows} waiting`;
  return `${name} (${type}) ${state}: ${counts}${failure === undefined ? '' : ` - ${failure}`}`;
}

const order = ['flowing', 'retrying', 'open', 'blocked'] as const;

function rank(state: (typeof order)[number]): number {
  return order.indexOf(state);
}
