// What commands need of the agents' side: the settings that call its hooks, and where these lead.
import { claudeCodeSettings, sandboxSocket } from '@sandtrail/sandbox/claude-code-settings';

/** Where a sandbox finds its own socket. */
export const hookSocketDefault = sandboxSocket;

/** Settings for Claude Code, as JSON. */
export function hookSettingsText(socket: string): string {
  return JSON.stringify(claudeCodeSettings(socket), undefined, 2);
}
