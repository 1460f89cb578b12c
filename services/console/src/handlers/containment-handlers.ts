// Containment: where each sandbox stands, and the acts of people, each by the session's own name.
import type * as z from 'zod';
import {
  type ContainmentItem,
  ContainRequest,
  DecisionRequest,
  ReleaseRequest,
} from '../contract/containment.ts';
import type { Asked, Handlers } from '../http/handlers.ts';
import type { SandboxNames } from '../ledger/sandbox-names.ts';
import type { ConsoleParts } from './console-parts.ts';
import type { ContainmentReport } from './containment-port.ts';

/** As many as the responder keeps; older ones are in the record. */
const recentMax = 256;

/** The handlers of containment. */
export function containmentHandlers({ containment, names, clock }: ConsoleParts) {
  const shown = async (report: ContainmentReport, { signal }: Asked) => {
    await names.load([report.sandbox], signal);
    return itemOf(report, names);
  };
  return {
    async getContainment({ signal }) {
      const { standings, waiting, recent } = containment.list();
      const all = [...standings, ...waiting, ...recent];
      await names.load(
        all.map(({ sandbox }) => sandbox),
        signal,
      );
      const nameOf = (sandbox: string, incarnation: number) =>
        names.of(sandbox, incarnation)?.name ?? null;
      return {
        standings: standings.map((each) => ({
          ...each,
          requesters: [...each.requesters],
          sandboxName: nameOf(each.sandbox, each.incarnation),
        })),
        waiting: waiting.map((each) => itemOf(each, names)),
        recent: recent.map((each) => itemOf(each, names)).toReversed(),
        recentMax,
        askedAtNs: `${clock.nowNs()}`,
      };
    },
    async contain(asked) {
      const request = ContainRequest.parse(asked.body);
      const { actor } = asked.session;
      return shown(await containment.quarantine({ ...request, actor }), asked);
    },
    async approve(asked) {
      const decision = DecisionRequest.parse(asked.body);
      const { actor } = asked.session;
      return shown(await containment.approve({ ...decision, actor }), asked);
    },
    async deny(asked) {
      const decision = DecisionRequest.parse(asked.body);
      const { actor } = asked.session;
      return shown(await containment.deny({ ...decision, actor }), asked);
    },
    async release(asked) {
      const request = ReleaseRequest.parse(asked.body);
      const { actor } = asked.session;
      return shown(await containment.release({ ...request, actor }), asked);
    },
  } satisfies Partial<Handlers>;
}

function itemOf(report: ContainmentReport, names: SandboxNames): z.input<typeof ContainmentItem> {
  const { sandbox, incarnation, approvedBy, results, ...rest } = report;
  return {
    ...rest,
    ...{ sandbox, incarnation },
    sandboxName: names.of(sandbox, incarnation)?.name ?? null,
    approvedBy: approvedBy ?? null,
    results: [...results],
  };
}
