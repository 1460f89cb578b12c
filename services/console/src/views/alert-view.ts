// An alert as the API shows it: the finding, what people did, and what containment answered it.
import type * as z from 'zod';
import type { Alert } from '../contract/alerts.ts';
import type { BookedAlert } from '../ledger/alert-book.ts';
import type { ContainmentBook } from '../ledger/containment-book.ts';
import type { SandboxNames } from '../ledger/sandbox-names.ts';

interface AlertContext {
  readonly containment: ContainmentBook;
  readonly names: SandboxNames;
}

/** The alert; names are null where the sandbox's creation is not sealed. */
export function alertView(booked: BookedAlert, context: AlertContext): z.input<typeof Alert> {
  const { finding, at, state, owner, verdict, steps } = booked;
  const { sandbox, incarnation, evidence, timeNs } = finding;
  const { id, detector, title, explanation, severity, confidence, witnessed, recommend } = finding;
  const named = context.names.of(sandbox, incarnation);
  const answer = context.containment.answering(id);
  return {
    ...{ id, detector, title, explanation, severity, confidence, witnessed, recommend },
    ...{ at, state, owner, verdict, sandbox, incarnation },
    techniques: finding.techniques,
    timeNs: `${timeNs}`,
    sandboxName: named?.name ?? null,
    template: named?.template ?? null,
    lastStep: steps.at(-1) ?? null,
    containment:
      answer === undefined
        ? null
        : { requestId: answer.request.id, level: answer.request.level, state: answer.state },
    evidence: evidence.length,
  };
}
