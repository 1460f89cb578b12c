// Times in words: UTC, with the relative time beside it and never alone.

/** Milliseconds of a nanosecond time given as decimal digits. */
export function msOf(timeNs: string): number {
  return Number(timeNs.slice(0, -6) || '0') + Number(timeNs.slice(-6)) / 1e6;
}

/** `14:02:54.561`, in UTC. */
export function clockText(timeMs: number): string {
  return iso(timeMs).slice(11, 23);
}

/** `2026-11-23 14:02:54.561 UTC`. */
export function utcText(timeMs: number): string {
  return `${iso(timeMs).slice(0, 23).replace('T', ' ')} UTC`;
}

/** `12 s ago`, `3 min ago`; `in 4 min` for what is to come. */
export function agoText(timeMs: number, nowMs: number): string {
  const span = nowMs - timeMs;
  if (Math.abs(span) < 1000) return 'now';
  return span > 0 ? `${spanText(span)} ago` : `in ${spanText(-span)}`;
}

/** A span in its largest fitting unit: `0.4 s`, `12 s`, `3 min`, `5 h`, `2 d`. */
export function spanText(spanMs: number): string {
  const seconds = spanMs / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

/** Minutes and seconds since a start: `00:54.561`. */
export function sinceStart(timeMs: number, startMs: number): string {
  const span = timeMs - startMs;
  const whole = Math.floor(Math.abs(span));
  const pad = (value: number, digits: number) => `${value}`.padStart(digits, '0');
  const minutes = pad(Math.floor(whole / 60_000), 2);
  const text = `${minutes}:${pad(Math.floor(whole / 1000) % 60, 2)}.${pad(whole % 1000, 3)}`;
  return span < 0 && whole > 0 ? `-${text}` : text;
}

/** `15.0 kB`, decimal units. */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  const power = Math.min(Math.floor(Math.log10(bytes) / 3), units.length);
  return `${(bytes / 1000 ** power).toFixed(1)} ${units[power - 1] ?? ''}`;
}

/** `4,582`. */
export function countText(count: number): string {
  return count.toLocaleString('en-US');
}

function iso(timeMs: number): string {
  const date = new Date(timeMs);
  // What no calendar holds is shown as it came rather than as a failure of the whole page.
  return Number.isNaN(date.getTime()) ? `${timeMs}`.padEnd(24) : date.toISOString();
}
