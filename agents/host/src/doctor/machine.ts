// The doctor's look at the machine: runtime, packages, tracefs, disk.
import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { ensureTracefs, tracefsPath } from '../ebpf/tracefs.ts';
import { type Check, missing, reasonOf, tryRun, works } from './check.ts';

const nodeMajorMin = 24;
const freeBytesWanted = 1024 ** 3;
const freeBytesMin = 100 * 1024 ** 2;

export function checkNode(version: string): Check {
  const major = Number(version.split('.')[0]);
  if (major >= nodeMajorMin) return works('node', version);
  const why = `${version} is older than ${nodeMajorMin}`;
  return missing('node', { why, remedy: 'start it with `npx sandtrail`, which has its own Node' });
}

export function checkTracefs(isRoot: boolean): Check {
  const remedy = `mount -t tracefs tracefs ${tracefsPath}`;
  const there = isRoot ? ensureTracefs() : existsSync(`${tracefsPath}/events`);
  return there
    ? works('tracefs', tracefsPath)
    : missing('tracefs', { why: isRoot ? 'it cannot be mounted' : 'not readable', remedy });
}

/** nftables is a second fence around sandboxes; the first are their own network namespaces. */
export async function checkNft(isRoot: boolean): Promise<Check> {
  const { ok, said } = await tryRun(
    'nft',
    isRoot ? 'list' : '--version',
    ...(isRoot ? ['tables'] : []),
  );
  const remedy = 'apt-get install -y nftables';
  return ok
    ? works('nft', 'present')
    : missing('nft', { why: said, remedy, blind: ['no packet filter beside the proxy'] });
}

/** The embedded store: resolved, not loaded, since it takes 270 MB. */
export function checkChdb(): Check {
  try {
    import.meta.resolve('chdb');
    return works('chdb', 'installed');
  } catch (error) {
    const remedy = 'npm install --no-audit --no-fund';
    return missing('chdb', { why: reasonOf(error), remedy, blind: ['nothing is stored'] });
  }
}

export async function checkDisk(directory: string): Promise<Check> {
  const remedy = `make room on the file system of ${directory}`;
  try {
    const { bavail, bsize } = await statfs(directory);
    const free = bavail * bsize;
    const mode = `${(free / 1024 ** 3).toFixed(1)} GiB free`;
    if (free >= freeBytesWanted) return works('disk', mode);
    const why = `${mode} in ${directory}`;
    if (free < freeBytesMin) return missing('disk', { why, remedy });
    return { ...works('disk', mode), state: 'degraded', why, remedy };
  } catch (error) {
    return missing('disk', { why: reasonOf(error), remedy });
  }
}
