// The injected logger: a constant message, fields apart, one JSON line each; no event body, no secret.
import type { Clock } from './clock.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFields = Readonly<Record<string, string | number | bigint | boolean | undefined>>;

/** Writes one line; `part` names the component. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  child(part: string): Logger;
}

interface LoggerOptions {
  readonly clock: Clock;
  readonly write: (line: string) => void;
  readonly level: LogLevel;
  readonly part: string;
}

const order: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

/** A logger of JSON lines: `{"time", "level", "part", "message", …fields}`. */
export function createLogger(options: LoggerOptions): Logger {
  const least = order.indexOf(options.level);
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}) => {
      if (order.indexOf(level) < least) return;
      const time = new Date(Number(options.clock.nowNs() / 1_000_000n)).toISOString();
      const line = { time, level, part: options.part, message, ...fields };
      options.write(`${JSON.stringify(line, bigintsAsText)}\n`);
    };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (part) => createLogger({ ...options, part: `${options.part}/${part}` }),
  };
}

/** A logger that says nothing, for tests and for commands whose output is their result. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLogger,
};

function bigintsAsText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
