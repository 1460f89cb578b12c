// A flow that belongs to a client's whole connection: opened, dialled, and recorded when it ends.
import type { Socket } from 'node:net';
import { answerDenialOn } from './denial-answer.ts';
import type { AllowedDestination } from './destination.ts';
import type { Dialled } from './dial.ts';
import { type Asked, type EgressCore, reach, recordFlow } from './egress-core.ts';
import type { Flow } from './flow.ts';
import { countBytes } from './splice.ts';

interface ClientFlow {
  readonly client: Socket;
  readonly asked: Asked;
  readonly destination: AllowedDestination;
}

/** The flow and its connection; undefined when nobody was reached, which the client has heard. */
export async function openClientFlow(
  core: EgressCore,
  { client, asked, destination }: ClientFlow,
): Promise<{ readonly flow: Flow; readonly dialled: Dialled } | undefined> {
  let dialled: Dialled | undefined;
  const flow = core.flows.open((ended) => {
    if (dialled === undefined) return;
    recordFlow(core, { destination, dialled, startedMs: flow.startedMs, ended });
  });
  client.on('error', () => flow.end('error'));
  flow.hold(client);
  const reached = await reach(core, { asked, destination, flow });
  if ('reason' in reached) {
    answerDenialOn(client, { denial: reached, lingerMs: core.limits.lingerMs });
    flow.end('closed');
    return undefined;
  }
  dialled = reached;
  countBytes(flow, dialled);
  return { flow, dialled };
}
