// Another product's alert, as it told it: what its rule says, beside what the event itself shows.
import * as z from 'zod';
import { event } from '../src/body.ts';
import { text } from '../src/scalars.ts';

export const FeedAlert = event(
  'feed.alert',
  {
    /** Whose alert it is: `falco`. */
    source: text(64),
    rule: text(256),
    /** In the source's own words: `Emergency` … `Debug`. */
    priority: text(32),
    message: text(8192),
    tags: z.array(text(128)).max(32),
  },
  { senders: ['host'], freeText: ['message'] },
);
