// What the console needs of whoever contains: the same acts as over the admin socket.
import type { ContainmentRequest, ContainmentResult } from '@sandtrail/schemas/containment';
import type { Level } from '@sandtrail/schemas/finding';
import type { SandboxUid } from '@sandtrail/schemas/scalars';

/** A request and what became of it so far. */
export interface ContainmentReport {
  readonly requestId: string;
  readonly act: ContainmentRequest['act'];
  readonly sandbox: string;
  readonly incarnation: number;
  readonly level: Level;
  readonly requester: ContainmentRequest['requester'];
  readonly approvedBy?: string;
  readonly reason: string;
  readonly requestedAtNs: string;
  readonly expiresAtNs: string;
  readonly state: 'waiting' | 'denied' | 'sent' | 'already' | ContainmentResult['state'];
  readonly results: readonly ContainmentResult[];
}

interface Subject {
  readonly sandbox: SandboxUid;
  readonly incarnation: number;
}

interface Said {
  readonly actor: string;
  readonly reason: string;
}

interface StandingReport extends Subject {
  readonly level: Level;
  readonly holds: boolean;
  readonly ended: boolean;
  readonly requesters: readonly string[];
}

/**
 * Acts of people. Each is written ahead of its effect, and resolves with the first result that
 * decides. Whoever asked may neither approve nor release.
 */
export interface ContainmentPort {
  list(): {
    readonly standings: readonly StandingReport[];
    readonly waiting: readonly ContainmentReport[];
    /** Newest last. */
    readonly recent: readonly ContainmentReport[];
  };
  /** @throws SandtrailError `CONTAIN_LEVEL_LOWER`, `CONTAIN_UNRECORDED`, `CONTAIN_EXPIRED` */
  quarantine(request: Subject & Said & { readonly level: Level }): Promise<ContainmentReport>;
  /** @throws SandtrailError `CONTAIN_NOT_WAITING`, `CONTAIN_SELF_APPROVAL` */
  approve(decision: Said & { readonly requestId: string }): Promise<ContainmentReport>;
  /** @throws SandtrailError `CONTAIN_NOT_WAITING` */
  deny(decision: Said & { readonly requestId: string }): Promise<ContainmentReport>;
  /** @throws SandtrailError `CONTAIN_SELF_RELEASE`, `CONTAIN_NOT_CONTAINED` */
  release(request: Subject & Said): Promise<ContainmentReport>;
}
