// Claude Code's hooks as they are called: each is recorded, and a contained sandbox is told "deny".
import type { Level } from '@sandtrail/schemas/finding';
import type { Observation } from '@sandtrail/schemas/observation';
import * as z from 'zod';
import { readHook } from '../feeds/claude-code.ts';

const Named = z.looseObject({ hook_event_name: z.string() });

/**
 * What to do with one hook's input (Claude Code, "Hooks reference"). A denial stops the agent's next
 * tool call; it is a courtesy to the agent, not the containment, which holds whatever it does.
 */
export const claudeCodeHook = {
  read(input: unknown, nowNs: bigint): readonly Observation[] {
    const entry = readHook(input, nowNs);
    return 'observations' in entry ? entry.observations : [];
  },
  answer(input: unknown, contained: Level | undefined): unknown {
    if (contained === undefined) return {};
    const reason = `Sandtrail holds this sandbox at level ${contained}: no tool runs until a person releases it. Going round this is recorded.`;
    switch (Named.safeParse(input).data?.hook_event_name) {
      case 'PreToolUse':
        return {
          hookSpecificOutput: {
            hookEventName: 'PreToolUse',
            permissionDecision: 'deny',
            permissionDecisionReason: reason,
          },
        };
      case 'UserPromptSubmit':
        return { decision: 'block', reason };
      default:
        // The tool has run: there is nothing left to deny, but the agent need not go on.
        return { continue: false, stopReason: reason };
    }
  },
};
