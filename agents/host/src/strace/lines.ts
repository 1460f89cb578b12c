// Reads strace's output (`-f -ttt`): calls with their halves joined, exits and the signals that kill.
import { constants } from 'node:os';
import { skipToken, splitList } from './tokens.ts';

/** What one line, or two halves of one call, said. */
export type StraceLine =
  | {
      readonly type: 'call';
      readonly pid: number;
      readonly atNs: bigint;
      readonly name: string;
      readonly args: readonly string[];
      /** −errno on failure; `undefined` when the call never returned. */
      readonly result: bigint | undefined;
      /** What follows the result: `</etc/hosts>`, or a process id in strace's own namespace. */
      readonly note: string;
    }
  | {
      readonly type: 'exit';
      readonly pid: number;
      readonly atNs: bigint;
      readonly code: number | undefined;
      readonly signal: number | undefined;
    }
  | { readonly type: 'replaced'; readonly pid: number; readonly by: number }
  | { readonly type: 'malformed' };

/** Calls that wait for their second half: one for each task. */
const unfinishedMax = 8_192;
const lineSizeMax = 1_048_576;

/** An incremental reader: `push` takes what arrived and returns what became whole. */
export class StraceReader {
  readonly #unfinished = new Map<number, string>();
  #rest = '';

  push(chunk: Buffer): readonly StraceLine[] {
    // strace escapes every byte above 7f, so a character is a byte.
    const lines = (this.#rest + chunk.toString('latin1')).split('\n');
    this.#rest = lines.pop() ?? '';
    if (this.#rest.length > lineSizeMax) {
      this.#rest = '';
      return [{ type: 'malformed' }];
    }
    return lines.flatMap((line) => this.#line(line) ?? []);
  }

  #line(line: string): StraceLine | undefined {
    const match = /^(\d+) +(\d+)\.(\d{6}) (.*)$/s.exec(line);
    if (match === null) return line === '' ? undefined : { type: 'malformed' };
    const [, pidText, seconds = '0', micros = '0', text = ''] = match;
    const pid = Number(pidText);
    const atNs = BigInt(seconds) * 1_000_000_000n + BigInt(micros) * 1_000n;
    if (text.startsWith('+++')) return this.#ended(pid, atNs, text);
    if (text.startsWith('---')) return undefined;
    if (text.endsWith('<unfinished ...>')) {
      if (this.#unfinished.size >= unfinishedMax) return { type: 'malformed' };
      this.#unfinished.set(pid, text.slice(0, -'<unfinished ...>'.length).trimEnd());
      return undefined;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/s.exec(text);
    if (resumed === null) return parseCall(pid, atNs, text);
    const begun = this.#unfinished.get(pid);
    this.#unfinished.delete(pid);
    return begun === undefined
      ? { type: 'malformed' }
      : parseCall(pid, atNs, `${begun}${resumed[1] ?? ''}`);
  }

  #ended(pid: number, atNs: bigint, text: string): StraceLine {
    this.#unfinished.delete(pid);
    const code = /^\+\+\+ exited with (\d+)/.exec(text)?.[1];
    if (code !== undefined) {
      return { type: 'exit', pid, atNs, code: Number(code), signal: undefined };
    }
    const by = /^\+\+\+ superseded by execve in pid (\d+)/.exec(text)?.[1];
    if (by !== undefined) return { type: 'replaced', pid, by: Number(by) };
    const name = /^\+\+\+ killed by (SIG\w+)/.exec(text)?.[1];
    if (name === undefined) return { type: 'malformed' };
    return { type: 'exit', pid, atNs, code: undefined, signal: signals.get(name) ?? 0 };
  }
}

const signals: ReadonlyMap<string, number> = new Map(Object.entries(constants.signals));
const errnos: ReadonlyMap<string, number> = new Map(Object.entries(constants.errno));

function parseCall(pid: number, atNs: bigint, text: string): StraceLine {
  const open = text.indexOf('(');
  const name = text.slice(0, Math.max(open, 0));
  if (!/^\w+$/.test(name)) return { type: 'malformed' };
  const close = skipToken(text, open);
  if (text[close - 1] !== ')') return { type: 'malformed' };
  const args = splitList(text.slice(open + 1, close - 1));
  const after = /^\s+= (\?|-?(?:0x[0-9a-f]+|\d+))(.*)$/s.exec(text.slice(close));
  if (after === null) return { type: 'malformed' };
  const [, value = '?', note = ''] = after;
  return { type: 'call', pid, atNs, name, args, result: resultOf(value, note), note };
}

function resultOf(value: string, note: string): bigint | undefined {
  if (value === '?') return undefined;
  const failed = value === '-1' ? /^ (E[A-Z0-9]+)/.exec(note)?.[1] : undefined;
  return failed === undefined ? BigInt(value) : BigInt(-(errnos.get(failed) ?? 1));
}
