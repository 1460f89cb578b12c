// `sandtrail hook`: hands an agent's hook to its sandbox's socket and prints what the agent is told.
import { request } from 'node:http';
import { hookSettingsText, hookSocketDefault } from '@sandtrail/local/agent-hooks';
import { readText } from '../input.ts';
import type { Verb } from '../verb.ts';

const sizeBytesMax = 262_144;
const answerMsMax = 5_000;
/** Claude Code takes this exit code for "no": without a recorder no tool runs. */
const deny = 2;

/** Meant for an agent's settings; a shell and curl do the same in less time. */
export const hookVerb: Verb = {
  name: 'hook',
  summary: 'record a hook of Claude Code, and deny while its sandbox is contained',
  usage: '',
  options: {
    socket: { type: 'string', value: 'PATH', help: `the sandbox's socket (${hookSocketDefault})` },
    'print-settings': { type: 'boolean', help: 'print settings that do it with curl, for speed' },
  },
  examples: [
    'sandtrail hook --print-settings > .claude/settings.json',
    'sandtrail hook < hook-input.json',
  ],
  exits: {
    0: 'recorded; the decision stands in what is printed',
    2: 'the recorder does not answer, or refuses: the agent takes it for "no"',
  },
  async run({ options, flags, stdin, out, err }) {
    const socket = options.get('socket') ?? hookSocketDefault;
    if (flags.has('print-settings')) {
      await out(`${hookSettingsText(socket)}\n`);
      return 0;
    }
    const body = await readText({ file: '-', stdin, sizeBytesMax });
    const answer = await ask(socket, body).catch((error: unknown) => ({ error: String(error) }));
    if ('error' in answer) {
      err(`sandtrail: the recorder does not answer: ${answer.error}\n`);
      return deny;
    }
    await out(`${answer.text}\n`);
    return 0;
  },
};

function ask(socketPath: string, body: string): Promise<{ readonly text: string }> {
  return new Promise((resolve, reject) => {
    const path = '/v1/hooks/claude-code';
    const outgoing = request({ socketPath, method: 'POST', path, timeout: answerMsMax });
    outgoing.on('error', reject);
    outgoing.on('timeout', () => outgoing.destroy(new Error('it took too long')));
    outgoing.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => {
        if (response.statusCode === 200) resolve({ text });
        else reject(new Error(`${response.statusCode}: ${text.slice(0, 200)}`));
      });
    });
    outgoing.end(body);
  });
}
