// Detects programs that were not there at the start: written, copied, renamed, or only in memory.
import { decideEgress } from '@sandtrail/policy/egress';
import { Uint64 } from '@sandtrail/schemas/scalars';
import * as z from 'zod';
import { BoundedMap } from '../bounded-map.ts';
import { type ActOf, type DetectionEvent, errnoOf, processKey } from '../detection-event.ts';
import { type Detection, type DetectorRun, defineDetector } from '../detector.ts';
import { driftExecutionExamples } from '../examples/drift-execution.ts';
import { isInterpreter, isReachTool, stemOf } from '../known-tools.ts';
import { quote } from '../quote.ts';
import type { SandboxView } from '../sandbox-view.ts';

const Config = z.strictObject({
  /** Ports of the proxy on loopback: a connection there asks to leave the sandbox. */
  proxyPorts: z.array(z.int().min(1).max(65_535)).default([3128]),
  /** A refusal this soon after a program's connection to the proxy is taken for its own. */
  refusalMs: z.int().min(1).default(3000),
  writtenMax: z.int().min(1).default(4096),
  processesMax: z.int().min(1).default(1024),
  repeatMs: z.int().min(0).default(600_000),
});
type Config = z.infer<typeof Config>;

const texts = z.array(z.tuple([z.string(), z.string()]));
const State = z.strictObject({
  written: texts,
  readers: texts,
  writers: texts,
  copies: texts,
  drifted: texts,
  reached: z.strictObject({ exe: z.string(), timeNs: Uint64 }).optional(),
});

/** Masquerading, dropped tools and code in memory (T1036.003, T1105, T1620; OWASP Agentic T11). */
export const driftExecution = defineDetector({
  name: 'drift-execution',
  version: 1,
  techniques: [
    { framework: 'attack', id: 'T1036.003' },
    { framework: 'attack', id: 'T1105' },
    { framework: 'attack', id: 'T1620' },
  ],
  kinds: [
    'process.exec',
    'file.open',
    'file.write',
    'file.rename',
    'file.link',
    'network.connect',
    'network.denied',
  ],
  scope: 'stateful',
  sparesLauncher: true,
  config: Config,
  start: (config) => new DriftRun(config),
  examples: driftExecutionExamples,
});

type Found = Omit<Detection, 'windowMs'>;

/** Where the image's own programs lie: read-only in the sandbox. */
const imagePrograms = /^\/(?:usr\/(?:local\/)?)?(?:s?bin|libexec)\/[^/]+$/;
const inMemory =
  /^\/proc\/(?:self|thread-self|\d+)\/fd\/\d+$|^\/dev\/fd\/\d+$|^(?:\/)?memfd:|^\/memfd:/;
const inSharedMemory = /^\/(?:dev|run)\/shm\//;

class DriftRun implements DetectorRun {
  readonly #config: Config;
  /** Path → how it came to be. */
  readonly #written: BoundedMap<string>;
  /** Process → the image's program that it read last, and → the file that it wrote last. */
  readonly #readers: BoundedMap<string>;
  readonly #writers: BoundedMap<string>;
  /** Path → the image's program of which it is a copy, a link or a new name. */
  readonly #copies: BoundedMap<string>;
  /** Process that runs such a program → the program's path. */
  readonly #drifted: BoundedMap<string>;
  /** The last of them that asked the proxy for something. */
  #reached: { exe: string; timeNs: bigint } | undefined;

  constructor(config: Config) {
    this.#config = config;
    this.#written = new BoundedMap(config.writtenMax);
    this.#readers = new BoundedMap(config.processesMax);
    this.#writers = new BoundedMap(config.processesMax);
    this.#copies = new BoundedMap(config.processesMax);
    this.#drifted = new BoundedMap(config.processesMax);
  }

  step(event: DetectionEvent, sandbox: SandboxView, emit: (detection: Detection) => void): void {
    const found = this.#judge(event, sandbox);
    if (found !== undefined) emit({ ...found, windowMs: this.#config.repeatMs });
  }

  snapshot(): unknown {
    return z.encode(State, {
      written: this.#written.entries(),
      readers: this.#readers.entries(),
      writers: this.#writers.entries(),
      copies: this.#copies.entries(),
      drifted: this.#drifted.entries(),
      reached: this.#reached,
    });
  }

  restore(value: unknown): void {
    const state = State.parse(value);
    this.#written.fill(state.written);
    this.#readers.fill(state.readers);
    this.#writers.fill(state.writers);
    this.#copies.fill(state.copies);
    this.#drifted.fill(state.drifted);
    this.#reached = state.reached;
  }

  #judge(event: DetectionEvent, sandbox: SandboxView): Found | undefined {
    const { act } = event;
    switch (act.kind) {
      case 'process.exec':
        return this.#judgeExec(act, sandbox);
      case 'network.connect':
        return this.#judgeConnect(act, event.timeNs);
      case 'network.denied':
        return this.#judgeDenied(act, event.timeNs);
      case 'file.open':
        if (errnoOf(act) === 0) this.#noteOpen(act, sandbox);
        return undefined;
      case 'file.write':
        this.#written.set(sandbox.locate(act, act.path.raw).followed, 'written');
        return undefined;
      case 'file.rename':
      case 'file.link':
        if (errnoOf(act) === 0) this.#noteName(act, sandbox);
        return undefined;
      default:
        return undefined;
    }
  }

  /**
   * A process that reads a program of the image and next writes a file copies it. A shell's
   * redirection opens the file first, and the process then reads the program as another one.
   */
  #noteOpen(act: ActOf<'file.open'>, sandbox: SandboxView): void {
    const key = processKey(act);
    const path = act.path.resolved ?? sandbox.locate(act, act.path.raw).followed;
    if (act.access === 'read') {
      const program = imagePrograms.test(path);
      if (program) this.#readers.set(key, path);
      else this.#readers.delete(key);
      const redirected = this.#writers.get(key);
      if (program && redirected !== undefined && isReachTool(path))
        this.#copies.set(redirected, path);
      return;
    }
    if (path.startsWith('/dev/') && !inSharedMemory.test(path)) return;
    if (path.startsWith('/proc/')) return;
    this.#written.set(path, act.create ? 'created' : 'written');
    if (key === '') return;
    this.#writers.set(key, path);
    const read = this.#readers.get(key);
    this.#readers.delete(key);
    if (read === undefined) this.#copies.delete(path);
    else this.#copies.set(path, read);
  }

  /** A new name carries over what is known of the old one; a link out of the image is a new name too. */
  #noteName(act: ActOf<'file.rename' | 'file.link'>, sandbox: SandboxView): void {
    const renamed = act.kind === 'file.rename';
    const [from, to] = renamed ? [act.path, act.target] : [act.target, act.path];
    const fromPath = from.resolved ?? sandbox.locate(act, from.raw).followed;
    const toPath = sandbox.locate(act, to.raw).lexical;
    const origin = imagePrograms.test(fromPath) ? fromPath : this.#copies.get(fromPath);
    if (origin !== undefined) this.#copies.set(toPath, origin);
    const how = this.#written.get(fromPath);
    if (how !== undefined) this.#written.set(toPath, how);
  }

  #judgeExec(act: ActOf<'process.exec'>, sandbox: SandboxView): Found | undefined {
    const key = processKey(act);
    if (errnoOf(act) === 0) this.#drifted.delete(key);
    const { lexical, followed } = sandbox.locate(act, act.exe.raw);
    const path = act.exe.resolved ?? followed;
    const hidden = judgeHidden(act, path);
    const copied = this.#copies.get(path) ?? this.#copies.get(lexical);
    const renamed = copied !== undefined && stemOf(copied) !== stemOf(lexical) ? copied : undefined;
    const origin = renamed ?? otherName(act, { lexical, path });
    const known = this.#written.get(path) ?? this.#written.get(lexical);
    const drifts = hidden !== undefined || origin !== undefined || known !== undefined;
    if (drifts && key !== '' && errnoOf(act) === 0) this.#drifted.set(key, lexical);
    if (hidden !== undefined) return hidden;
    if (origin !== undefined) return describeRenamed(act, { lexical, origin });
    const decoded = judgePayload(act);
    if (decoded !== undefined) return decoded;
    if (known === undefined) return undefined;
    const outside = outsideUrl(act, sandbox);
    return describeWritten(act, { path: lexical, known, outside });
  }

  #judgeConnect(act: ActOf<'network.connect'>, timeNs: bigint): Found | undefined {
    const exe = this.#drifted.get(processKey(act));
    if (exe === undefined || (act.family !== 'inet' && act.family !== 'inet6')) return undefined;
    const loopback = /^(?:127\.|::1$|::ffff:127\.|0\.0\.0\.0$|::$)/.test(act.address);
    if (!loopback)
      return describeReach(exe, `connected to ${quote(act.address)} port ${act.port ?? 0}`);
    if (this.#config.proxyPorts.includes(act.port ?? 0)) this.#reached = { exe, timeNs };
    return undefined;
  }

  #judgeDenied(act: ActOf<'network.denied'>, timeNs: bigint): Found | undefined {
    if (act.reason === 'upstream' || act.reason === 'unresolved') return undefined;
    const reached = this.#reached;
    if (reached === undefined || act.protocol === 'dns') return undefined;
    if (timeNs - reached.timeNs > BigInt(this.#config.refusalMs) * 1_000_000n) return undefined;
    return describeReach(
      reached.exe,
      `asked the proxy for ${quote(act.destination)}, which was refused`,
    );
  }
}

function judgeHidden(act: ActOf<'process.exec'>, path: string): Found | undefined {
  const { raw } = act.exe;
  const memory = act.origin === 'memory' || inMemory.test(raw) || inMemory.test(path);
  const shared = inSharedMemory.test(path) || inSharedMemory.test(raw);
  const deleted = act.origin === 'deleted' || path.endsWith(' (deleted)');
  if (!memory && !shared && !deleted) return undefined;
  const where = memory ? 'memory' : shared ? 'shared memory' : 'a deleted file';
  return {
    title: `Program run from ${where}`,
    explanation: `The program ${quote(raw)}, as ${quote(act.argv[0] ?? '')}, was run from ${where}: it is in no image and leaves no file behind${failure(act)}.`,
    severity: errnoOf(act) !== 0 ? 'medium' : deleted && !memory && !shared ? 'medium' : 'high',
    confidence: 'high',
    recommend: { act: 'approve', level: 'L2' },
    dedupeKey: `hidden:${where}`,
    techniques: [
      { framework: 'attack', id: 'T1620' },
      { framework: 'owasp-agentic', id: 'T11' },
    ],
  };
}

/** A tool of the image that runs under a name of its own, by a link or by the name it is given. */
function otherName(
  act: ActOf<'process.exec'>,
  { lexical, path }: { readonly lexical: string; readonly path: string },
): string | undefined {
  if (!imagePrograms.test(path)) return undefined;
  const [called, script] = act.argv;
  // A script stands behind its interpreter: the kernel puts its path among the arguments.
  if (script === act.exe.raw && isInterpreter(path)) return undefined;
  // Its applets are its names, and it runs itself again to become one of them.
  if (/^(?:busybox|toybox)$/.test(stemOf(path)) && isOwnName(lexical)) return undefined;
  if (!imagePrograms.test(lexical) && stemOf(lexical) !== stemOf(path)) return path;
  if (called === undefined || called === '' || !isReachTool(path)) return undefined;
  return stemOf(called) === stemOf(path) ? undefined : path;
}

function isOwnName(lexical: string): boolean {
  return imagePrograms.test(lexical) || lexical === '/proc/self/exe';
}

function describeRenamed(
  act: ActOf<'process.exec'>,
  { lexical, origin }: { readonly lexical: string; readonly origin: string },
): Found {
  const reach = isReachTool(origin);
  const called = act.argv[0] === undefined ? '' : `, called ${quote(act.argv[0])},`;
  return {
    title: 'Known program under another name',
    explanation: `${quote(lexical)}${called} is ${quote(origin)} under another name${failure(act)}.`,
    severity: reach ? 'medium' : 'low',
    confidence: 'high',
    recommend: reach ? { act: 'approve', level: 'L1' } : { act: 'watch' },
    dedupeKey: `renamed:${origin}`,
    techniques: [{ framework: 'attack', id: 'T1036.003' }],
  };
}

interface Written {
  readonly path: string;
  readonly known: string;
  /** An address among its arguments that the policy does not allow. */
  readonly outside: string | undefined;
}

/** Builds run what they wrote all day; what is given a forbidden address on the way is not a build. */
function describeWritten(act: ActOf<'process.exec'>, { path, known, outside }: Written): Found {
  const given =
    outside === undefined ? '' : ` with ${quote(outside)}, which the policy does not allow`;
  return {
    title: 'Program written here and run',
    explanation: `The program ${quote(path)} was ${known} in this sandbox before it was run${given}${failure(act)}.`,
    severity: outside === undefined ? 'low' : 'medium',
    confidence: 'medium',
    recommend: outside === undefined ? { act: 'watch' } : { act: 'approve', level: 'L1' },
    dedupeKey: outside === undefined ? 'written' : `written:${path}`,
    techniques: [{ framework: 'attack', id: 'T1105' }],
  };
}

const url = /^([a-z][a-z0-9+]{1,9}):\/\/(?:[^@/]*@)?(\[[0-9a-f:.]+\]|[^/:?#]+)(?::(\d{1,5}))?/i;
const defaultPorts: Readonly<Record<string, number>> = {
  http: 80,
  https: 443,
  ftp: 21,
  ssh: 22,
  ws: 80,
  wss: 443,
};

function outsideUrl(act: ActOf<'process.exec'>, { policy }: SandboxView): string | undefined {
  if (policy === undefined) return undefined;
  return act.argv.slice(1).find((text) => {
    const [, scheme = '', host = '', digits] = url.exec(text) ?? [];
    if (host === '' || /^(?:localhost|127\.|\[::1\])/i.test(host)) return false;
    const port = digits === undefined ? (defaultPorts[scheme.toLowerCase()] ?? 0) : Number(digits);
    return !decideEgress(policy.expect.egress, { host, port }).allow;
  });
}

const shells = /^(?:ba|da|z|k|a)?sh$/;
const decodedShell =
  /\b(?:base64\s+(?:-d|-D|--decode)|xxd\s+-r|openssl\s+(?:enc|base64)\s[^|]*-d)[^|;]*\|\s*(?:sudo\s+)?(?:\S*\/)?(?:ba|da|z)?sh\b/;
const decodedScript =
  /\b(?:exec|eval|Function)\s*\(.{0,80}(?:b64decode|fromhex|unhexlify|marshal\.loads|zlib\.decompress|atob\(|'base64'|"base64")/s;

function judgePayload(act: ActOf<'process.exec'>): Found | undefined {
  const stem = stemOf(act.exe.resolved ?? act.exe.raw);
  const script = act.argv.slice(1).find((text) => text.length > 8 && /[|(]/.test(text));
  if (script === undefined) return undefined;
  const shell = shells.test(stem) && decodedShell.test(script);
  const interpreter = isInterpreter(stem) && decodedScript.test(script);
  if (!shell && !interpreter) return undefined;
  return {
    title: 'Interpreter runs a decoded payload',
    explanation: `${quote(stem)} was given code that decodes its real text first: ${quote(script)}.`,
    severity: 'medium',
    confidence: 'medium',
    recommend: { act: 'watch' },
    dedupeKey: `payload:${stem}`,
    techniques: [{ framework: 'attack', id: 'T1027' }],
  };
}

function describeReach(exe: string, what: string): Found {
  return {
    title: 'Program from this sandbox reaches out',
    explanation: `${quote(exe)}, which was written, copied or renamed in this sandbox, ${what}.`,
    severity: 'high',
    confidence: 'medium',
    recommend: { act: 'approve', level: 'L2' },
    dedupeKey: `reach:${exe}`,
  };
}

function failure(act: ActOf<'process.exec'>): string {
  return errnoOf(act) === 0 ? '' : `; it failed with error ${errnoOf(act)}`;
}
