// Alerts: the queue, one alert, and what people do about one or many.
import { SandtrailError } from '@sandtrail/schemas/errors';
import { AlertQuery, AlertRequest } from '../contract/alerts.ts';
import { FindingPath } from '../contract/event-query.ts';
import { evidenceRows } from '../events/evidence-rows.ts';
import type { Handlers } from '../http/handlers.ts';
import { isUnchanged } from '../ledger/alert-book.ts';
import { alertPage } from '../views/alert-page.ts';
import { alertView } from '../views/alert-view.ts';
import type { ConsoleParts } from './console-parts.ts';

const reasonCharsMax = 512;

/** The handlers of alerts. */
export function alertHandlers(parts: ConsoleParts) {
  const { ledger, names, clock, queries } = parts;
  return {
    async listAlerts({ query, signal }) {
      const { alerts, containment } = await ledger.books();
      const { page, ...told } = alertPage(alerts.all, AlertQuery.parse(query));
      await names.load(
        page.map(({ finding }) => finding.sandbox),
        signal,
      );
      return {
        ...told,
        alerts: page.map((each) => alertView(each, { containment, names })),
        beyondBound: alerts.beyond,
        askedAtNs: `${clock.nowNs()}`,
      };
    },
    async getAlert({ params, signal }) {
      const { id } = FindingPath.parse(params);
      const { alerts, containment } = await ledger.books();
      const booked = alerts.of(id);
      if (booked === undefined) throw new SandtrailError('NOT_FOUND', { detail: `alert ${id}` });
      const { finding, steps } = booked;
      await names.load([finding.sandbox], signal);
      return {
        ...alertView(booked, { containment, names }),
        steps: [...steps],
        evidenceRows: await evidenceRows(finding.evidence, { queries, signal }),
        evidenceOmitted: finding.evidenceOmitted ?? 0,
      };
    },
    async actOnAlerts({ body, session }) {
      return actOnAlerts(parts, AlertRequest.parse(body), session.actor);
    },
  } satisfies Partial<Handlers>;
}

/** One sealed event for all that the act changes; the receipt names it. */
async function actOnAlerts(parts: ConsoleParts, request: AlertRequest, actor: string) {
  const { ledger, acts, clock } = parts;
  const { alerts } = await ledger.books();
  const { act } = request;
  const owner = 'owner' in request ? request.owner : undefined;
  const ids = [...new Set(request.ids)];
  const unknown = ids.filter((id) => alerts.of(id) === undefined);
  const done = ids.filter((id) => {
    const alert = alerts.of(id);
    return alert !== undefined && !isUnchanged(alert, act, owner);
  });
  const unchanged = ids.filter((id) => !unknown.includes(id) && !done.includes(id));
  const [first, ...others] = done;
  if (first === undefined)
    throw new SandtrailError(unchanged.length === 0 ? 'NOT_FOUND' : 'ALERT_UNCHANGED', {
      detail: `${act}: ${unknown.length} unknown, ${unchanged.length} stand so already`,
    });
  const sealed = await acts.write({
    kind: 'control.alert',
    ...{ actor, act },
    findings: [first, ...others],
    reason: await acts.masked(request.reason, reasonCharsMax),
    ...(owner === undefined ? {} : { owner }),
    ...('verdict' in request ? { verdict: request.verdict } : {}),
  });
  const atNs = `${clock.nowNs()}`;
  return { sealed, actor, act, atNs, done, unchanged, unknown, count: ids.length };
}
