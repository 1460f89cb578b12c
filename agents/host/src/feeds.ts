// Feeds of other products that watch from the host, one line each.
import type { Feed } from '@sandtrail/kit/feed';
import { falcoFeed } from './feeds/falco.ts';
import { tetragonFeed } from './feeds/tetragon.ts';

/** Their records are the host's own word about a sandbox: witnessed, not by the kernel itself. */
export const hostFeeds: readonly Feed[] = [falcoFeed, tetragonFeed];
