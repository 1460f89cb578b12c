// Detects ways out of the workspace by path: dots, links, /proc detours; judged raw and resolved.
import { isWithin, lexicalPath } from '@sandtrail/policy/place';
import * as z from 'zod';
import { type Act, type DetectionEvent, errnoOf } from '../detection-event.ts';
import { type Detection, defineDetector } from '../detector.ts';
import { pathTraversalExamples } from '../examples/path-traversal.ts';
import { quote } from '../quote.ts';
import type { SandboxView } from '../sandbox-view.ts';
import { isSystemFile, secrecyOf } from '../sensitive-paths.ts';

const Config = z.strictObject({
  /** The same place again within this time is one finding. */
  repeatMs: z.int().min(0).default(600_000),
});

type Found = Omit<Detection, 'windowMs'>;

interface Access {
  readonly raw: string;
  readonly resolved: string | undefined;
  readonly writes: boolean;
  readonly errno: number;
}

/** Files outside the workspace by a detour, and writes to the system's own (T1005, T1083, T1222). */
export const pathTraversal = defineDetector({
  name: 'path-traversal',
  version: 1,
  techniques: [
    { framework: 'attack', id: 'T1005' },
    { framework: 'attack', id: 'T1083' },
  ],
  kinds: ['file.open', 'file.link', 'file.rename', 'file.delete', 'file.chmod', 'file.write'],
  scope: 'single',
  sparesLauncher: true,
  config: Config,
  start: (config) => ({
    step(event, sandbox, emit) {
      for (const access of accessesOf(event.act)) {
        const found = judge(event, { access, sandbox });
        if (found === undefined) continue;
        emit({ ...found, windowMs: config.repeatMs });
      }
    },
  }),
  examples: pathTraversalExamples,
});

function accessesOf(act: Act): readonly Access[] {
  switch (act.kind) {
    case 'file.open':
      return [accessOf(act, { path: act.path, writes: act.access !== 'read' })];
    case 'file.rename':
      return [act.path, act.target].map((path) => accessOf(act, { path, writes: true }));
    case 'file.link': {
      const made = accessOf(act, { path: act.path, writes: true });
      if (act.type === 'symbolic') return [made];
      return [made, accessOf(act, { path: act.target, writes: true })];
    }
    case 'file.delete':
    case 'file.chmod':
      return [accessOf(act, { path: act.path, writes: true })];
    case 'file.write':
      return [accessOf({}, { path: act.path, writes: true })];
    default:
      return [];
  }
}

function accessOf(
  act: { readonly errno?: number | undefined },
  given: { path: { raw: string; resolved?: string | undefined }; writes: boolean },
): Access {
  const { raw, resolved } = given.path;
  return { raw, resolved, writes: given.writes, errno: errnoOf(act) };
}

interface Judged {
  readonly access: Access;
  readonly sandbox: SandboxView;
}

function judge({ act }: DetectionEvent, { access, sandbox }: Judged): Found | undefined {
  const { lexical, followed, guessed } = sandbox.locate(act, access.raw);
  const reached = stripDetours(access.resolved ?? followed);
  // What the collector could not resolve, links seen earlier may still lead somewhere else.
  const ends = stripDetours(followed) === reached ? [reached] : [reached, stripDetours(followed)];
  const detour = detourOf({ raw: access.raw, lexical, ends, sandbox });
  for (const end of ends) {
    if (isAllowed(end, access, sandbox)) continue;
    const found =
      detour === undefined
        ? judgeStraight(end, access)
        : judgeDetour(end, { access, detour, guessed: guessed && access.resolved === undefined });
    if (found !== undefined) return found;
  }
  return undefined;
}

/** `/proc/self/root/etc` is `/etc`: the detour is noted elsewhere, the end is judged. */
function stripDetours(path: string): string {
  const rest = path.replace(
    /^(?:\/proc\/(?:self|thread-self|\d+)(?:\/task\/\d+)?\/root)+(?=\/|$)/,
    '',
  );
  return rest === '' ? '/' : rest;
}

function isAllowed(path: string, { writes }: Access, { places }: SandboxView): boolean {
  if (isWithin(path, '/tmp') || isWithin(path, '/var/tmp') || isWithin(path, '/dev/shm'))
    return true;
  return places.some((place) => (place.writable || !writes) && isWithin(path, place.path));
}

/** How the path leaves: in words, or undefined when it is what it says. */
function detourOf(path: {
  readonly raw: string;
  readonly lexical: string;
  readonly ends: readonly string[];
  readonly sandbox: SandboxView;
}): string | undefined {
  const { raw, lexical, ends, sandbox } = path;
  if (/^\/proc\/(?:self|thread-self|\d+)(?:\/task\/\d+)?\/(?:root|cwd)(?:\/|$)/.test(raw))
    return 'through a process’s root or directory in /proc';
  if (/^\/proc\/(?:self|thread-self|\d+)\/fd\/\d+\/./.test(raw))
    return 'through an open directory in /proc';
  const inside = sandbox.places.some((place) => isWithin(lexical, place.path));
  if (inside && ends.some((end) => !isNamed(end, { raw, lexical }))) return 'through a link';
  if (!/(?:^|\/)\.\.(?:\/|$)/.test(raw)) return undefined;
  const start = lexicalPath(raw.slice(0, raw.search(/(?:^|\/)\.\.(?:\/|$)/)) || '.', '/');
  const startsInside =
    !raw.startsWith('/') || sandbox.places.some((place) => isWithin(start, place.path));
  return startsInside ? 'by way of ".."' : undefined;
}

/**
 * True when the end is what the path says. A relative path may start in a directory that is not
 * known here (chdir, dirfd), so there it is enough that the end has the path's own parts.
 */
function isNamed(
  end: string,
  { raw, lexical }: { readonly raw: string; readonly lexical: string },
) {
  if (end === lexical) return true;
  if (raw.startsWith('/') || /(?:^|\/)\.\.(?:\/|$)/.test(raw)) return false;
  const tail = lexicalPath(raw);
  return tail === '/' || end.endsWith(tail);
}

function judgeDetour(
  end: string,
  { access, detour, guessed }: { access: Access; detour: string; guessed: boolean },
): Found | undefined {
  const secrecy = secrecyOf(end);
  const failed = access.errno !== 0;
  if (access.writes && isSystemFile(end))
    return outside(end, { access, detour, severity: failed ? 'medium' : 'high' });
  if (secrecy === 'secret')
    return outside(end, { access, detour, severity: failed ? 'medium' : 'high' });
  if (secrecy === 'ordinary') return undefined;
  // Where the working directory is not known, the number of dots proves little.
  const severity = failed || guessed ? 'low' : 'medium';
  return secrecy === 'unknown' && (failed || guessed) && !access.writes
    ? undefined
    : outside(end, { access, detour, severity });
}

/** A straight path is only of interest where it writes to what belongs to the system. */
function judgeStraight(end: string, access: Access): Found | undefined {
  if (!access.writes || !isSystemFile(end)) return undefined;
  if (access.errno === 0) return outside(end, { access, detour: 'directly', severity: 'high' });
  if (secrecyOf(end) === 'ordinary') return undefined;
  return outside(end, { access, detour: 'directly', severity: 'low' });
}

function outside(
  end: string,
  found: {
    readonly access: Access;
    readonly detour: string;
    readonly severity: Detection['severity'];
  },
): Found {
  const { access, detour, severity } = found;
  const outcome = access.errno === 0 ? '' : `; it failed with error ${access.errno}`;
  const also = end === access.raw ? '' : `, which is ${quote(end)}`;
  const verb = access.writes ? 'writes to' : 'reads';
  const grave = severity === 'high' || severity === 'medium';
  return {
    title: access.writes ? 'Write outside the workspace' : 'Path out of the workspace',
    explanation: `A program ${verb} ${quote(access.raw)}${also}, outside the workspace, ${detour}${outcome}.`,
    severity,
    confidence: access.resolved === undefined ? 'medium' : 'high',
    recommend: grave ? { act: 'approve', level: 'L2' } : { act: 'watch' },
    dedupeKey: `${access.writes ? 'write' : 'read'}:${topOf(end)}:${severity}`,
  };
}

/** The first three parts of a path: enough to tell causes apart, few enough to count. */
function topOf(path: string): string {
  return path.split('/').slice(0, 4).join('/');
}
