// What each part of the tour is given.
import type { Surroundings } from '../role.ts';
import type { Product } from '../supervisor.ts';
import type { Feed } from './feed.ts';
import type { Voice } from './voice.ts';

/** The running product, its feed, and the way to speak. */
export interface Stage {
  readonly surroundings: Surroundings;
  readonly product: Product;
  readonly feed: Feed;
  readonly voice: Voice;
  /** Of the server that the policy allows. */
  readonly port: number;
  readonly signal: AbortSignal;
}
