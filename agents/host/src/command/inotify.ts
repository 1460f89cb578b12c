// What inotify(7) tells below one directory, byte-exact: which files were closed after writing or moved in.
import { strict as assert } from 'node:assert';
import { closeSync, readdirSync } from 'node:fs';
import { errno, libcFunction } from '@sandtrail/runtime/ffi';
import { openBeneath } from './open-beneath.ts';

const initialise = libcFunction('int inotify_init1(int flags)');
const addWatch = libcFunction('int inotify_add_watch(int fd, str path, uint32_t mask)');
const read = libcFunction('int64_t read(int fd, void *buffer, size_t size)');

const nonblockCloseOnExec = 0o4000 | 0o2000000;
const closeWrite = 0x8;
const movedTo = 0x80;
const create = 0x100;
const overflow = 0x4000;
const ignored = 0x8000;
const isDirectory = 0x40000000;
const onlyDirectory = 0x01000000;
const mask = closeWrite | movedTo | create | onlyDirectory;
const headSizeBytes = 16;
const bufferSizeBytes = 65_536;
const depthMax = 64;

interface InotifyOptions {
  /** An open directory; it stays the caller's. */
  readonly rootFd: number;
  readonly directoriesMax: number;
}

/** What one look at the queue gave. Paths are relative to the root, in latin1. */
export interface InotifyNews {
  readonly files: readonly string[];
  /** The kernel's queue was full: an unknown number of events is lost. */
  readonly overflowed: boolean;
}

/** Watches a directory and all below it. */
export class Inotify {
  readonly #options: InotifyOptions;
  readonly #fd: number;
  readonly #root: number;
  readonly #directories = new Map<number, string>();
  readonly #buffer = Buffer.alloc(bufferSizeBytes);
  #unwatched = 0;

  constructor(options: InotifyOptions) {
    this.#options = options;
    this.#root = options.rootFd;
    this.#fd = initialise(nonblockCloseOnExec);
    assert(this.#fd >= 0, `inotify_init1 succeeds (errno ${errno()})`);
    this.#addTree({ path: '', files: [], depth: 0 });
  }

  /** Directories that could not be watched, because a bound was reached. */
  get unwatched(): number {
    return this.#unwatched;
  }

  /** Reads what has happened since the last call; never waits. */
  read(): InotifyNews {
    const files: string[] = [];
    let overflowed = false;
    for (;;) {
      const size = read(this.#fd, this.#buffer, bufferSizeBytes);
      if (size <= 0) return { files, overflowed };
      overflowed = this.#take(this.#buffer.subarray(0, size), files) || overflowed;
    }
  }

  close(): void {
    closeSync(this.#fd);
  }

  /** `struct inotify_event`: watch, mask, cookie, length, then a name padded with zeros. */
  #take(bytes: Buffer, files: string[]): boolean {
    let overflowed = false;
    for (let at = 0; at + headSizeBytes <= bytes.length; ) {
      const watch = bytes.readInt32LE(at);
      const what = bytes.readUInt32LE(at + 4);
      const length = bytes.readUInt32LE(at + 12);
      const padded = bytes.toString('latin1', at + headSizeBytes, at + headSizeBytes + length);
      at += headSizeBytes + length;
      const parent = this.#directories.get(watch);
      if ((what & overflow) !== 0) overflowed = true;
      else if ((what & ignored) !== 0) this.#directories.delete(watch);
      else if (parent !== undefined) {
        const name = padded.slice(0, padded.indexOf('\0'));
        const path = parent === '' ? name : `${parent}/${name}`;
        if ((what & isDirectory) !== 0) this.#addTree({ path, files, depth: 0 });
        else if ((what & (closeWrite | movedTo)) !== 0) files.push(path);
      }
    }
    return overflowed;
  }

  /** Watches a directory and those below; files that were there before its watch count as written. */
  #addTree({ path, files, depth }: Tree): void {
    const directory = openBeneath({ root: this.#root, path, directory: true });
    if (directory === undefined) return;
    const link = `/proc/self/fd/${directory}`;
    const hasRoom = this.#directories.size < this.#options.directoriesMax && depth < depthMax;
    const watch = hasRoom ? addWatch(this.#fd, link, mask) : -1;
    if (watch >= 0) this.#directories.set(watch, path);
    else this.#unwatched += 1;
    if (watch >= 0) {
      for (const entry of readdirSync(link, { withFileTypes: true, encoding: 'latin1' })) {
        const below = path === '' ? entry.name : `${path}/${entry.name}`;
        if (entry.isDirectory()) this.#addTree({ path: below, files, depth: depth + 1 });
        else if (entry.isFile()) files.push(below);
      }
    }
    closeSync(directory);
  }
}

interface Tree {
  readonly path: string;
  /** Where files are listed that no event will name. */
  readonly files: string[];
  readonly depth: number;
}
