// The whole product for a test: `sandtrail up` in a directory of its own, and nothing left of it after.
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findCgroupLayout } from '@sandtrail/host/sandbox/cgroup-layout';
import { type Layout, layoutOf } from '@sandtrail/local/layout';
import type { Surroundings } from '@sandtrail/local/role';
import { type Feed, openFeed } from '@sandtrail/local/tour/feed';
import { effectiveConfiguration } from '@sandtrail/local/up';
import { systemClock, systemRandom } from '@sandtrail/runtime/clock';
import { createCounters } from '@sandtrail/runtime/counters';
import { silentLogger } from '@sandtrail/runtime/log';
import { VerifyReport } from '@sandtrail/schemas/seal';
import {
  type CommandOptions,
  type CommandResult,
  type RunningCommand,
  runCommand,
  startCommand,
} from './command.ts';
import { endLeftovers, type Traces } from './leftovers.ts';
import { descendantsOf, findPart, type Living, type Part } from './processes.ts';
import { until } from './until.ts';

/** Settings of `config.yaml` that a test wants otherwise. */
export type Settings = Readonly<Record<string, unknown>>;

let count = 0;
/** Two products at once must not want one port. */
const free = { console: { port: 0 } };

/** Starts the product; resolves when it records. */
export async function startTestProduct(settings: Settings = {}): Promise<TestProduct> {
  const product = new TestProduct(settings);
  await product.start();
  return product;
}

/** A product in a directory of its own. `close` ends it for good and says what it left behind. */
export class TestProduct {
  readonly folder: string;
  readonly layout: Layout;
  readonly surroundings: Surroundings;
  /** Every process of it that was ever looked at, to prove that none stays. */
  readonly #seen = new Map<number, Living>();
  #up: RunningCommand | undefined;
  #feed: Feed | undefined;
  #log = '';

  constructor(settings: Settings) {
    count += 1;
    this.folder = mkdtempSync(path.join(tmpdir(), 'st-'));
    // Core and signer are users of their own: they must be able to pass.
    chmodSync(this.folder, 0o755);
    this.layout = layoutOf(path.join(this.folder, 'data'));
    mkdirSync(this.layout.root);
    const cgroupParent = `st-test-${process.pid}-${count}`;
    const all = { cgroupParent, logLevel: 'info', checkpointMs: 500, ...free, ...settings };
    writeFileSync(path.join(this.layout.root, 'config.yaml'), JSON.stringify(all));
    this.surroundings = {
      layout: this.layout,
      configuration: effectiveConfiguration(this.layout),
      clock: systemClock,
      random: systemRandom,
      counters: createCounters(),
      log: silentLogger,
    };
  }

  /** Findings and everything else as it enters the log, since the start. */
  get feed(): Feed {
    if (this.#feed === undefined) throw new Error('the product does not run');
    return this.#feed;
  }

  /** All that the product's processes wrote to standard error, over all its starts. */
  get log(): string {
    return this.#log + (this.#up?.stderr() ?? '');
  }

  /** The supervisor's process id. */
  get pid(): number {
    const pid = this.#up?.child.pid;
    if (pid === undefined) throw new Error('the product does not run');
    return pid;
  }

  /** Starts it (again) on its directory. A feed follows everything: a load is better without. */
  async start({ withFeed = true } = {}): Promise<void> {
    const up = startCommand(['up', '--data', this.layout.root], { stdin: '', timeoutMs: 600_000 });
    this.#up = up;
    await until(() => up.stdout().includes('Recording.') || up.child.exitCode !== null, {
      what: 'the product records',
      withinMs: 60_000,
    });
    if (up.child.exitCode !== null) throw new Error(`it ended: ${up.stderr()}`);
    this.#look();
    if (withFeed) this.#feed = openFeed({ socket: this.layout.adminSocket, clock: systemClock });
  }

  /** Stops it as Ctrl-C does; resolves with how it ended. */
  async stop(): Promise<CommandResult> {
    const up = this.#up;
    if (up === undefined) throw new Error('the product does not run');
    this.#look();
    await this.closeFeed();
    up.child.kill('SIGINT');
    const result = await up.ended;
    this.#log += result.stderr;
    this.#up = undefined;
    return result;
  }

  /** Ends the feed: from here on nobody follows the log. */
  async closeFeed(): Promise<void> {
    await this.#feed?.close();
    this.#feed = undefined;
  }

  /** The process that plays a part now; waits for one that is being started again. */
  part(part: Part): Promise<Living> {
    return until(
      () => {
        this.#look();
        return findPart(this.pid, part);
      },
      // The kernel takes some 12 s to let go of a killed bpftrace, and two deaths may follow.
      { what: `there is a process for ${part}`, withinMs: 40_000 },
    );
  }

  /** Runs a verb of the command line on this product's directory. */
  command(words: readonly string[], options?: CommandOptions): Promise<CommandResult> {
    return runCommand(this.words(words), options);
  }

  /** The words of a verb on this product's directory. */
  words([verb = '', ...rest]: readonly string[]): readonly string[] {
    return [verb, '--data', this.layout.root, ...rest];
  }

  /** What `sandtrail verify --json` says, with the heads that lie outside unless told. */
  async verify({ withHead = true } = {}) {
    const head = withHead ? ['--head', this.layout.headFile] : [];
    const { exit, stdout, stderr } = await this.command(['verify', '--json', ...head]);
    if (stdout === '') throw new Error(`verify said nothing: ${stderr}`);
    return { exit, report: VerifyReport.parse(JSON.parse(stdout)) };
  }

  /** Ends whatever still runs, removes everything, and names what should not have been there. */
  async close(): Promise<readonly string[]> {
    const left: string[] = [];
    if (this.#up !== undefined) {
      const { exit, stderr } = await this.stop();
      if (exit !== 0) left.push(`it ended with ${exit}: ${stderr.slice(-500)}`);
    }
    left.push(...(await endLeftovers(this.#traces())));
    rmSync(this.folder, { recursive: true, force: true });
    return left;
  }

  #look(): void {
    const pid = this.#up?.child.pid;
    if (pid === undefined) return;
    for (const each of descendantsOf(pid)) this.#seen.set(each.pid, each);
  }

  #traces(): Traces {
    const { cgroupParent } = this.surroundings.configuration;
    const layout = findCgroupLayout(readFileSync('/proc/self/mountinfo', 'utf8'));
    return { folder: this.folder, seen: [...this.#seen.values()], layout, cgroupParent };
  }
}
