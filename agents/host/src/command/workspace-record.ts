// Workspace files as `file.write` records: each is read and scanned when it was closed after writing.
import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import type { Clock } from '@sandtrail/runtime/clock';
import type { Counters } from '@sandtrail/runtime/counters';
import type { ObservationOf } from '@sandtrail/schemas/observation';
import type { Gap } from '../collector.ts';
import { Inotify } from './inotify.ts';
import { openBeneath } from './open-beneath.ts';

/** A place in a text, in UTF-16 units. */
export interface TextSpan {
  readonly start: number;
  readonly end: number;
}

interface WorkspaceRecordOptions {
  /** The workspace on the host, and its name inside the sandbox. */
  readonly root: string;
  readonly inside: string;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly emit: (observation: ObservationOf<'file.write'>) => void;
  readonly lost: (gap: Gap) => void;
  /** Finds secrets, so that those far inside a file are recorded too; the kit masks them. */
  readonly scan: (text: string) => readonly TextSpan[];
}

const tickMs = 50;
const filesPerTickMax = 16;
const queueMax = 2048;
const directoriesMax = 4096;
const scanSizeBytesMax = 1_048_576;
const textCharsMax = 8192;
const windowChars = 512;
const windowsMax = 8;
const drainFilesMax = 512;

/** Watches a workspace from its construction to `close`. */
export class WorkspaceRecord {
  readonly #options: WorkspaceRecordOptions;
  readonly #root: number;
  readonly #inotify: Inotify;
  readonly #queue = new Set<string>();
  readonly #timer: NodeJS.Timeout;
  #unwatchedTold = 0;

  constructor(options: WorkspaceRecordOptions) {
    this.#options = options;
    this.#root = openSync(options.root, constants.O_RDONLY | constants.O_DIRECTORY);
    this.#inotify = new Inotify({ rootFd: this.#root, directoriesMax });
    this.#timer = setInterval(() => this.#tick(filesPerTickMax), tickMs);
  }

  /** Records what is still in the queue, up to a bound, and ends the watch. */
  close(): void {
    clearInterval(this.#timer);
    this.#tick(drainFilesMax);
    if (this.#queue.size > 0) this.#tellLoss(this.#queue.size, 'rate_limit');
    this.#inotify.close();
    closeSync(this.#root);
  }

  #tick(filesMax: number): void {
    const { files, overflowed } = this.#inotify.read();
    if (overflowed) this.#tellLoss(0, 'ring_full');
    let skipped = 0;
    for (const path of files) {
      if (this.#queue.size < queueMax || this.#queue.has(path)) this.#queue.add(path);
      else skipped += 1;
    }
    if (skipped > 0) this.#tellLoss(skipped, 'rate_limit');
    const unwatched = this.#inotify.unwatched - this.#unwatchedTold;
    if (unwatched > 0) this.#tellLoss(0, 'rate_limit');
    this.#unwatchedTold += unwatched;
    for (const path of [...this.#queue].slice(0, filesMax)) {
      this.#queue.delete(path);
      this.#record(path);
    }
  }

  #record(path: string): void {
    const fd = openBeneath({ root: this.#root, path, directory: false });
    // Gone again, or a link that leads elsewhere: the kernel's own events tell of both.
    if (fd === undefined) return;
    try {
      const stat = fstatSync(fd);
      if (stat.isFile()) this.#emit(path, { fd, sizeBytes: stat.size });
    } finally {
      closeSync(fd);
    }
  }

  #emit(
    path: string,
    { fd, sizeBytes }: { readonly fd: number; readonly sizeBytes: number },
  ): void {
    const bytes = Buffer.alloc(Math.min(sizeBytes, scanSizeBytesMax));
    const scannedBytes = readSync(fd, bytes, 0, bytes.length, 0);
    const content = bytes.subarray(0, scannedBytes);
    const isWhole = scannedBytes === sizeBytes;
    const text = content.toString('utf8');
    const windows = farWindows(this.#options.scan(text));
    this.#options.counters.add('workspace.files_scanned');
    const { path: named, ...rawFields } = this.#named(path);
    const seen = {
      kind: 'file.write' as const,
      observedAtNs: this.#options.clock.nowNs().toString(),
      path: named,
      sizeBytes,
      scannedBytes,
      ...(isWhole ? { sha256: createHash('sha256').update(content).digest('hex') } : {}),
      ...rawFields,
    };
    const isBinary = content.subarray(0, textCharsMax).includes(0);
    this.#options.emit(isBinary ? seen : { ...seen, text: wellFormed(text, 0, textCharsMax) });
    for (const { start, end } of windows) {
      this.#options.emit({ ...seen, text: wellFormed(text, start, end) });
    }
  }

  /** The path as the sandbox names it; bytes that are not UTF-8 stand in `raw`. */
  #named(path: string): Pick<ObservationOf<'file.write'>, 'path' | 'raw'> {
    const bytes = Buffer.from(`${this.#options.inside}/`, 'utf8');
    const whole = Buffer.concat([bytes, Buffer.from(path, 'latin1')]);
    const text = whole.toString('utf8');
    if (Buffer.from(text, 'utf8').equals(whole) && text.length <= 4096)
      return { path: { raw: text } };
    const sha256 = createHash('sha256').update(whole).digest('hex');
    const base64 = whole.length <= 6000 ? { base64: whole.toString('base64') } : {};
    const raw = [{ field: 'path.raw', sizeBytes: whole.length, sha256, ...base64 }];
    return { path: { raw: wellFormed(text, 0, 4096) }, raw };
  }

  #tellLoss(count: number, reason: Gap['reason']): void {
    this.#options.counters.add('workspace.files_skipped', Math.max(1, count), reason);
    const now = this.#options.clock.nowNs();
    const gap = { source: 'workspace', count: BigInt(count), firstNs: now, lastNs: now, reason };
    this.#options.lost(gap);
  }
}

/** Windows around finds that lie past the recorded beginning; near ones share a window. */
function farWindows(spans: readonly TextSpan[]): readonly TextSpan[] {
  const windows: TextSpan[] = [];
  for (const { start, end } of spans) {
    if (end <= textCharsMax || windows.length >= windowsMax) continue;
    const last = windows.at(-1);
    if (last !== undefined && end <= last.end) continue;
    const from = Math.max(0, start - windowChars);
    windows.push({
      start: from,
      end: Math.min(from + textCharsMax, Math.max(end, start) + windowChars),
    });
  }
  return windows;
}

/** A part of a text without halves of surrogate pairs at its ends. */
function wellFormed(text: string, start: number, end: number): string {
  return text.slice(start, end).toWellFormed();
}
