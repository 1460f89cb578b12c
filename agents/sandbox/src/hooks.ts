// Hooks of agents that the sandbox's socket answers, one line each: `POST /v1/hooks/NAME`.
import { claudeCodeHook } from './hooks/claude-code.ts';

/** By the name in their path. */
export const agentHooks = { 'claude-code': claudeCodeHook };
