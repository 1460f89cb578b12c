// The few files of /etc that are the sandbox's own: who it is, and that names are resolved by us.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Bind, insideUid } from './bubblewrap-arguments.ts';

interface PrivateEtcOptions {
  /** A directory of the runner's own. */
  readonly directory: string;
  readonly home: string;
  readonly hostname: string;
}

/** Writes the files; returns how they are bound. */
export function writePrivateEtc({ directory, home, hostname }: PrivateEtcOptions): readonly Bind[] {
  const files: Readonly<Record<string, string>> = {
    passwd: `agent:x:${insideUid}:${insideUid}::${home.replaceAll(':', '_')}:/bin/sh\n`,
    group: `agent:x:${insideUid}:\n`,
    hosts: `127.0.0.1 localhost ${hostname}\n::1 localhost\n`,
    'resolv.conf': 'nameserver 127.0.0.1\noptions timeout:2 attempts:2\n',
    'nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
    hostname: `${hostname}\n`,
  };
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  return Object.entries(files).map(([name, content]) => {
    const source = join(directory, name);
    writeFileSync(source, content, { mode: 0o644 });
    return { source, target: `/etc/${name}`, writable: false };
  });
}
