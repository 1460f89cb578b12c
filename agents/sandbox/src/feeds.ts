// Feeds of what agents tell of themselves, one line each.
import type { Feed } from '@sandtrail/kit/feed';
import { claudeCodeFeed } from './feeds/claude-code.ts';
import { otlpFeed } from './feeds/otlp.ts';

/** Their records are claims: they go by their sandbox's own socket, as if its agent had sent them. */
export const sandboxFeeds: readonly Feed[] = [otlpFeed, claudeCodeFeed];
