// The command `sandtrail`: reads the environment, runs one command line, and exits with its code.
import { systemClock } from '@sandtrail/runtime/clock';
import { runCommandLine } from './command-line.ts';
import { defaultDataDirectory } from './data-default.ts';

const abort = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => abort.abort(signal));
}
// A reader that goes away (`sandtrail tail | head`) ends the command; it is not a failure.
process.stdout.on('error', () => process.exit(0));

process.exitCode = await runCommandLine(process.argv.slice(2), {
  stdin: process.stdin,
  out: (text) =>
    new Promise((resolve) => {
      process.stdout.write(text, () => resolve());
    }),
  err: (text) => process.stderr.write(text),
  signal: abort.signal,
  // Behind sudo the person is the one who called it.
  actor: process.env['SUDO_USER'] ?? process.env['USER'] ?? `uid-${process.getuid?.() ?? 0}`,
  nowMs: () => Number(systemClock.nowNs() / 1_000_000n),
  dataDefault: defaultDataDirectory({
    uid: process.getuid?.() ?? 0,
    chosen: process.env['SANDTRAIL_DATA'],
    stateHome: process.env['XDG_STATE_HOME'],
  }),
});
