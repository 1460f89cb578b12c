// Programs by which data and code travel, and the stem by which a program is known.

const reachTools = new Set([
  ...[
    'curl',
    'wget',
    'nc',
    'ncat',
    'netcat',
    'socat',
    'ssh',
    'scp',
    'sftp',
    'rsync',
    'ftp',
    'tftp',
  ],
  ...[
    'telnet',
    'openssl',
    'busybox',
    'aria',
    'lynx',
    'dig',
    'nslookup',
    'host',
    'nmap',
    'docker',
    'kubectl',
  ],
]);

/** True when the program at the path can carry data out or code in by itself. */
export function isReachTool(path: string): boolean {
  return reachTools.has(stemOf(path));
}

const interpreter = /^(?:python|node|perl|ruby|php|lua|tclsh|env|(?:ba|da|z|k)?sh|[gm]?awk)$/;

/** True when the program at the path runs scripts that name it in their first line. */
export function isInterpreter(path: string): boolean {
  return interpreter.test(stemOf(path));
}

/** A program's name without directory, login dash, version and variant: `nc.openbsd` is `nc`. */
export function stemOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1).replace(/^-/, '');
  return name.replace(/[.\d-].*$/, '') || name;
}
