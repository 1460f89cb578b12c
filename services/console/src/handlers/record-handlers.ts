// The record itself: integrity of its chains, the pipeline that makes it, who watches, who did what.
import { SandtrailError } from '@sandtrail/schemas/errors';
import { AuditQuery } from '../contract/audit.ts';
import { VerificationPath, VerificationRequest } from '../contract/integrity.ts';
import type { Handlers } from '../http/handlers.ts';
import { chainViews, gapViews } from '../integrity/integrity-view.ts';
import { auditPage } from '../views/audit-page.ts';
import { fleetCollectors, fleetCoverage } from '../views/fleet-view.ts';
import type { ConsoleParts } from './console-parts.ts';

const fleetWindowMs = 24 * 3_600_000;

/** The handlers of integrity, pipeline, fleet and audit. */
export function recordHandlers(parts: ConsoleParts) {
  const { queries, clock, product, ledger, pipeline, verifications } = parts;
  return {
    async getIntegrity({ signal }) {
      const { verifications: book } = await ledger.books();
      const reading = { ...product, queries, signal, verifications: book };
      const [chains, gaps] = await Promise.all([chainViews(reading), gapViews(reading)]);
      const { headFile } = product;
      const verifyCommand = `npx sandtrail verify --head ${headFile}`;
      return { chains, ...gaps, headFile, verifyCommand, askedAtNs: `${clock.nowNs()}` };
    },
    async startVerification({ body, session }) {
      const { chain, from, to } = VerificationRequest.parse(body);
      const sealed = product.sealing().find((each) => each.chain === chain)?.sealedTo ?? 0n;
      const first = BigInt(from ?? 0);
      const last = to === undefined ? sealed - 1n : BigInt(to);
      if (first > last || last >= sealed)
        throw new SandtrailError('NOT_FOUND', {
          detail: `${sealed} rows of this chain are sealed`,
        });
      return verifications.start({ chain, from: first, to: last, actor: session.actor });
    },
    async followVerification({ params, signal }) {
      return verifications.follow(VerificationPath.parse(params).id, signal);
    },
    async getPipeline() {
      const { node, startedAtNs, bus, sealing } = product;
      const states = sealing();
      const lags = states.map(async ({ place, sealedTo }) => {
        const { next } = await bus.bounds(place);
        return next > sealedTo ? next - sealedTo : 0n;
      });
      const behind = (await Promise.all(lags)).reduce((sum, lag) => sum + lag, 0n);
      const isStopped = states.some(({ stopped }) => stopped);
      const told = await pipeline.stages({ behind, isStopped });
      return { node, startedAtNs: `${startedAtNs}`, askedAtNs: `${clock.nowNs()}`, ...told };
    },
    async getFleet({ signal }) {
      const nowNs = clock.nowNs();
      const sinceNs = nowNs - BigInt(fleetWindowMs) * 1_000_000n;
      const [collectors, coverage] = await Promise.all([
        fleetCollectors(sinceNs, nowNs, { queries, signal }),
        fleetCoverage(sinceNs, { queries, signal }),
      ]);
      return { ...collectors, coverage, windowMs: fleetWindowMs, askedAtNs: `${nowNs}` };
    },
    async listAudit({ query, signal }) {
      const page = await auditPage(AuditQuery.parse(query), { queries, signal });
      return { ...page, askedAtNs: `${clock.nowNs()}` };
    },
  } satisfies Partial<Handlers>;
}
