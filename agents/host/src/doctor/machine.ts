// The doctor's look at the machine: runtime, packages, tracefs, disk.
import { existsSync, readdirSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ensureTracefs, tracefsPath } from '../ebpf/tracefs.ts';
import { type Check, missing, reasonOf, works } from './check.ts';

const nodeMajorMin = 24;
const freeBytesWanted = 1024 ** 3;
const freeBytesMin = 100 * 1024 ** 2;

/** Whether this Node runs TypeScript sources as they are. */
export function checkNode(version: string): Check {
  const major = Number(version.split('.')[0]);
  if (major >= nodeMajorMin) return works('node', version);
  const why = `${version} is older than ${nodeMajorMin}`;
  return missing('node', { why, remedy: 'start it with `npx sandtrail`, which has its own Node' });
}

/** tracefs lists what the kernel can show; root mounts it where it is not. */
export function checkTracefs(isRoot: boolean): Check {
  const remedy = `mount -t tracefs tracefs ${tracefsPath}`;
  const there = isRoot ? ensureTracefs() : existsSync(`${tracefsPath}/events`);
  return there
    ? works('tracefs', tracefsPath)
    : missing('tracefs', { why: isRoot ? 'it cannot be mounted' : 'not readable', remedy });
}

/**
 * Room for data: less than 1 GiB is degraded, less than 100 MiB is off. A folder of the data
 * directory may be a disk of its own: the fullest counts.
 */
export async function checkDisk(directory: string): Promise<Check> {
  const remedy = (place: string) => `make room on the file system of ${place}`;
  try {
    const { place, free } = await leastRoom(existing(directory));
    const mode = `${(free / 1024 ** 3).toFixed(1)} GiB free`;
    if (free >= freeBytesWanted) return works('disk', mode);
    const why = `${mode} in ${place}`;
    if (free < freeBytesMin) return missing('disk', { why, remedy: remedy(place) });
    return { ...works('disk', mode), state: 'degraded', why, remedy: remedy(place) };
  } catch (error) {
    return missing('disk', { why: reasonOf(error), remedy: remedy(directory) });
  }
}

async function leastRoom(directory: string) {
  const folders = readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(directory, name));
  let least = await roomIn(directory);
  // A folder that went away since it was listed needs no room.
  for (const room of await Promise.allSettled(folders.map(roomIn)))
    if (room.status === 'fulfilled' && room.value.free < least.free) least = room.value;
  return least;
}

async function roomIn(place: string) {
  const { bavail, bsize } = await statfs(place);
  return { place, free: bavail * bsize };
}

/** The directory itself, or where it would be made. */
function existing(directory: string): string {
  const parent = dirname(directory);
  return existsSync(directory) || parent === directory ? directory : existing(parent);
}
