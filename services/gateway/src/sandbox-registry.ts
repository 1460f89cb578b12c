// The sandboxes that nodes have registered: who may write about which, and which sockets are open.
import { SandtrailError } from '@sandtrail/schemas/errors';
import { Incarnation, SandboxUid, Tenant } from '@sandtrail/schemas/scalars';
import * as z from 'zod';
import { readStateFile, writeStateFile } from './durable-file.ts';
import { NodeName } from './grant.ts';

/** One life of a sandbox. After its end it stays known: spooled records about it may still come. */
const Registration = z.strictObject({
  uid: SandboxUid,
  incarnation: Incarnation,
  node: NodeName,
  tenant: Tenant,
  state: z.enum(['open', 'closed']),
});
export type Registration = z.infer<typeof Registration>;

const RegistryFile = z.strictObject({
  version: z.literal(1),
  registrations: z.array(Registration),
});

interface RegistryOptions {
  readonly path: string;
  readonly openMax: number;
  readonly closedMax: number;
}

type SandboxLife = Pick<Registration, 'uid' | 'incarnation'>;

/** Sandtrail's own names: nobody registers them. */
const reserved = /^(?:host|control)-/;

/** The registry; each change is durable when the call returns. */
export class SandboxRegistry {
  readonly #options: RegistryOptions;
  readonly #lives = new Map<string, Registration>();
  /** Changes with the content, so that what was derived from it can be thrown away. */
  version = 0;

  /** @throws SandtrailError `DATA_DIR_DAMAGED` */
  constructor(options: RegistryOptions) {
    this.#options = options;
    const file = readStateFile(options.path, RegistryFile);
    for (const life of file?.registrations ?? []) this.#lives.set(keyOf(life), life);
  }

  get(life: SandboxLife): Registration | undefined {
    return this.#lives.get(keyOf(life));
  }

  open(): readonly Registration[] {
    return [...this.#lives.values()].filter(({ state }) => state === 'open');
  }

  /**
   * Registers a sandbox for a node; the same again changes nothing.
   * @throws SandtrailError `CLAIM_OUTSIDE_GRANT` when the uid is reserved or another node's,
   * `SANDBOX_ENDED` when this life is over, `SANDBOX_LIMIT`
   */
  register(life: Omit<Registration, 'state'>): Registration {
    const { uid, node } = life;
    if (reserved.test(uid)) {
      throw new SandtrailError('CLAIM_OUTSIDE_GRANT', { detail: `${uid} is a reserved name` });
    }
    const owner = [...this.#lives.values()].find((each) => each.uid === uid)?.node ?? node;
    if (owner !== node) {
      throw new SandtrailError('CLAIM_OUTSIDE_GRANT', { detail: `${uid} is of another node` });
    }
    const known = this.get(life);
    if (known?.state === 'open') return known;
    if (known !== undefined) {
      throw new SandtrailError('SANDBOX_ENDED', { detail: `${uid}:${life.incarnation}` });
    }
    if (this.open().length >= this.#options.openMax) {
      throw new SandtrailError('SANDBOX_LIMIT', { detail: `${this.#options.openMax} are open` });
    }
    return this.#put({ ...life, state: 'open' });
  }

  /** Marks the end of a sandbox's life; undefined when this node has no such sandbox. */
  end(life: SandboxLife & { readonly node: string }): Registration | undefined {
    const known = this.get(life);
    if (known === undefined || known.node !== life.node) return undefined;
    return known.state === 'closed' ? known : this.#put({ ...known, state: 'closed' });
  }

  #put(life: Registration): Registration {
    this.#lives.delete(keyOf(life));
    this.#lives.set(keyOf(life), life);
    const closed = [...this.#lives.values()].filter(({ state }) => state === 'closed');
    for (const old of closed.slice(0, Math.max(0, closed.length - this.#options.closedMax))) {
      this.#lives.delete(keyOf(old));
    }
    this.version += 1;
    writeStateFile(this.#options.path, { version: 1, registrations: [...this.#lives.values()] });
    return life;
  }
}

function keyOf({ uid, incarnation }: SandboxLife): string {
  return `${uid}:${incarnation}`;
}
