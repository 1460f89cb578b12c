// The part of Claude Code's settings that calls the hook: nothing but a shell and curl in the sandbox.

/** Where a sandbox finds its own socket for hooks. */
export const sandboxSocket = '/run/sandtrail/hooks.sock';

const timeoutSeconds = 5;
/** The ones that decide; when the recorder does not answer, these deny (exit code 2). */
const deciding = ['PreToolUse', 'UserPromptSubmit'];
const telling = ['PostToolUse', 'PostToolUseFailure', 'Stop', 'SubagentStop'];

/** For `.claude/settings.json`. A shell and curl start some ten times faster than Node. */
export function claudeCodeSettings(socket: string) {
  const hook = (event: string) => ({
    matcher: '*',
    hooks: [{ type: 'command', command: commandOf(event, socket), timeout: timeoutSeconds }],
  });
  const events = [...deciding, ...telling];
  return { hooks: Object.fromEntries(events.map((event) => [event, [hook(event)]])) };
}

function commandOf(event: string, socket: string): string {
  const words = `curl -sS -f -m ${timeoutSeconds} --noproxy '*' --unix-socket '${socket}'`;
  const exit = deciding.includes(event) ? 2 : 1;
  return `${words} --data-binary @- http://sandtrail/v1/hooks/claude-code || exit ${exit}`;
}
