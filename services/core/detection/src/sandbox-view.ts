// What is known about one sandbox's life from its own events: policy, phase, links, resolved names.
import {
  type CompiledPolicy,
  compilePolicy,
  type HostMount,
} from '@sandtrail/policy/compile-policy';
import { decideName } from '@sandtrail/policy/egress';
import { lexicalPath } from '@sandtrail/policy/place';
import { Policy } from '@sandtrail/schemas/policy';
import { isWitnessed, Uint64 } from '@sandtrail/schemas/scalars';
import * as z from 'zod';
import { BoundedMap } from './bounded-map.ts';
import {
  type Act,
  type ActOf,
  type DetectionEvent,
  errnoOf,
  processKey,
} from './detection-event.ts';

const linksMax = 1024;
const processesMax = 2048;
const pinsMax = 1024;
const linkHopsMax = 8;

/** Programs of the system with which a sandbox is put together, before the agent's own first one. */
const launcherProgram = /^\/(?:usr\/)?s?bin\/(?:bwrap|setpriv|setsid|unshare|strace|dash|sh)$/;

const Facts = z.strictObject({
  policy: Policy.optional(),
  workspace: z.string().optional(),
  createdNs: Uint64.optional(),
  startedNs: Uint64.optional(),
  destroyedNs: Uint64.optional(),
  paused: z.boolean(),
  programSeen: z.boolean(),
  launcherSeen: z.boolean(),
  links: z.array(z.tuple([z.string(), z.string()])),
  cwds: z.array(z.tuple([z.string(), z.string()])),
  pins: z.array(z.tuple([z.string(), z.string()])),
});

/** What detectors may ask about the sandbox; everything stems from events before the present one. */
export interface SandboxView {
  readonly policy: CompiledPolicy | undefined;
  /** Where the sandbox may work by policy; the workspace first, under both of its names. */
  readonly places: readonly HostMount[];
  readonly createdNs: bigint | undefined;
  readonly startedNs: bigint | undefined;
  readonly destroyedNs: bigint | undefined;
  /** Frozen by containment: silence means nothing then. */
  readonly paused: boolean;
  /** A program other than the launcher's runs: whatever comes now is the agent's doing. */
  readonly programSeen: boolean;
  /** The absolute path, without dots, and with the symbolic links made in this sandbox followed. */
  locate(
    act: Act,
    raw: string,
  ): { readonly lexical: string; readonly followed: string; readonly guessed: boolean };
  /** The allowed name for which the resolver gave out this address, if it did. */
  nameOf(address: string): string | undefined;
}

/** The view, and how it learns and is kept. All of it is bounded; `evicted` counts what was forgotten. */
export class SandboxFacts implements SandboxView {
  policy: CompiledPolicy | undefined;
  places: readonly HostMount[] = [];
  createdNs: bigint | undefined;
  startedNs: bigint | undefined;
  destroyedNs: bigint | undefined;
  paused = false;
  programSeen = false;
  #launcherSeen = false;
  #declared: Policy | undefined;
  #workspace: string | undefined;
  readonly #links = new BoundedMap<string>(linksMax);
  readonly #cwds = new BoundedMap<string>(processesMax);
  readonly #pins = new BoundedMap<string>(pinsMax);

  get evicted(): number {
    return this.#links.evicted + this.#cwds.evicted + this.#pins.evicted;
  }

  /** Puts a policy into force: that of `sandbox.created`, or one given from outside. */
  declare(policy: Policy): void {
    this.#declared = policy;
    this.policy = compilePolicy(policy);
    this.#place();
  }

  /** Where the workspace lies on the host, which is a name of it too. */
  lieAt(workspace: string): void {
    this.#workspace = workspace;
    this.#place();
  }

  /** Learns from an event; called after all detectors have judged it, except for `sandbox.*`. */
  note(event: DetectionEvent): void {
    const { act, timeNs } = event;
    // A claim shapes no facts: a sandbox could talk itself into an allowed place.
    if (!isWitnessed(event.trust)) return;
    switch (act.kind) {
      case 'sandbox.created':
        if (act.workspace !== undefined) this.lieAt(act.workspace);
        this.createdNs ??= timeNs;
        return;
      case 'sandbox.started':
        this.startedNs ??= BigInt(act.observedAtNs);
        return;
      case 'sandbox.paused':
      case 'sandbox.resumed':
        this.paused = act.kind === 'sandbox.paused';
        return;
      case 'sandbox.destroyed':
        this.destroyedNs ??= timeNs;
        return;
      case 'process.exec':
        this.#noteExec(act);
        return;
      case 'file.link':
        if (act.type === 'symbolic' && errnoOf(act) === 0) this.#noteLink(act);
        return;
      case 'network.dns':
        this.#noteAnswers(act);
        return;
      default:
    }
  }

  locate(act: Act, raw: string) {
    const absolute = raw.startsWith('/');
    const cwd = absolute ? undefined : this.#cwds.get(processKey(act));
    const base = cwd ?? this.policy?.expect.workspace ?? '/';
    const lexical = lexicalPath(raw, base);
    const followed =
      this.#links.size === 0 ? lexical : this.#follow(absolute ? raw : `${base}/${raw}`);
    return { lexical, followed, guessed: !absolute && cwd === undefined };
  }

  nameOf(address: string): string | undefined {
    return this.#pins.get(address);
  }

  snapshot(): unknown {
    return z.encode(Facts, {
      policy: this.#declared,
      workspace: this.#workspace,
      createdNs: this.createdNs,
      startedNs: this.startedNs,
      destroyedNs: this.destroyedNs,
      paused: this.paused,
      programSeen: this.programSeen,
      launcherSeen: this.#launcherSeen,
      links: this.#links.entries(),
      cwds: this.#cwds.entries(),
      pins: this.#pins.entries(),
    });
  }

  restore(state: unknown): void {
    const facts = Facts.parse(state);
    this.#workspace = facts.workspace;
    this.createdNs = facts.createdNs;
    this.startedNs = facts.startedNs;
    this.destroyedNs = facts.destroyedNs;
    this.paused = facts.paused;
    this.programSeen = facts.programSeen;
    this.#launcherSeen = facts.launcherSeen;
    this.#links.fill(facts.links);
    this.#cwds.fill(facts.cwds);
    this.#pins.fill(facts.pins);
    if (facts.policy !== undefined) this.declare(facts.policy);
  }

  #place(): void {
    const places = this.policy?.expect.places ?? [];
    const host = this.#workspace;
    const writable = this.policy?.enforce.workspace.writable ?? true;
    this.places = host === undefined ? places : [...places, { path: lexicalPath(host), writable }];
  }

  /** The launcher ends in bubblewrap: the program after it, or one that is none of its, is the agent's. */
  #noteExec(act: ActOf<'process.exec'>): void {
    if (act.cwd?.startsWith('/')) this.#cwds.set(processKey(act), lexicalPath(act.cwd));
    if (this.programSeen || errnoOf(act) !== 0) return;
    const path = act.exe.resolved ?? act.exe.raw;
    this.programSeen = this.#launcherSeen || !launcherProgram.test(path);
    this.#launcherSeen = path.endsWith('/bwrap');
  }

  #noteLink(act: ActOf<'file.link'>): void {
    const path = this.locate(act, act.path.raw).lexical;
    const parent = path.slice(0, path.lastIndexOf('/'));
    this.#links.set(path, lexicalPath(act.target.raw, parent));
  }

  #noteAnswers(act: ActOf<'network.dns'>): void {
    if (act.verdict !== 'answered' || this.policy === undefined) return;
    const verdict = decideName(this.policy.expect.egress, act.name);
    if (!verdict.allow) return;
    for (const address of act.answers) this.#pins.set(address, verdict.canonicalHost);
  }

  /** Walks the path part by part, so that `link/..` leaves the link's target as the kernel does. */
  #follow(path: string): string {
    let hops = 0;
    let at = '';
    const rest = path.split('/').reverse();
    while (rest.length > 0) {
      const part = rest.pop() ?? '';
      if (part === '' || part === '.') continue;
      if (part === '..') {
        at = at.slice(0, Math.max(at.lastIndexOf('/'), 0));
        continue;
      }
      const target = this.#links.get(`${at}/${part}`);
      if (target === undefined || hops >= linkHopsMax) {
        at = `${at}/${part}`;
        continue;
      }
      hops += 1;
      at = '';
      rest.push(...target.split('/').reverse());
    }
    return at === '' ? '/' : at;
  }
}
