// What a person may do to a sandbox, over whatever door they come: secrets in their words are masked.
import type { Responder } from '@sandtrail/responder/responder';
import { redactFully } from '@sandtrail/secrets/redact';
import type { Scanner } from '@sandtrail/secrets/scanner';

const reasonCharsMax = 512;

/** A text without the secrets in it; `field` names where it stands. */
export type Mask = (text: string, field: string) => Promise<string>;

/** What a person types may hold a secret, such as the one that is searched for. */
export function maskOver(scanner: Scanner): Mask {
  return async (text, field) => (await redactFully(scanner, text, field)).text;
}

/** A text within its bound, never cut in mid-character. */
export function cut(text: string, charsMax: number): string {
  return text.slice(0, charsMax).toWellFormed();
}

/** The part of the responder that people use. */
export type PeopleActs = Pick<Responder, 'quarantine' | 'approve' | 'deny' | 'release' | 'list'>;

/** The responder, with every reason masked before it is signed and sealed. */
export function peopleActs(responder: Responder, mask: Mask): PeopleActs {
  const safe = async (reason: string) => cut(await mask(reason, 'reason'), reasonCharsMax);
  return {
    list: () => responder.list(),
    async quarantine(asked) {
      return responder.quarantine({ ...asked, reason: await safe(asked.reason) });
    },
    async approve(decision) {
      return responder.approve({ ...decision, reason: await safe(decision.reason ?? '') });
    },
    async deny(decision) {
      return responder.deny({ ...decision, reason: await safe(decision.reason ?? '') });
    },
    async release(asked) {
      return responder.release({ ...asked, reason: await safe(asked.reason) });
    },
  };
}
