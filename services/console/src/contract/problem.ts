// What went wrong, as the API says it: problem details (RFC 9457) around the error catalogue.
import { text } from '@sandtrail/schemas/scalars';
import * as z from 'zod';
import { Right, Role } from './rights.ts';

/** The media type of every answer that is not the one that was asked for. */
export const problemType = 'application/problem+json';

/** `code` is one of the catalogue and stable; `title` and `remedy` are its words. */
export const Problem = z.strictObject({
  /** `urn:sandtrail:error:CODE` */
  type: text(128),
  title: text(512),
  status: z.int().min(400).max(599),
  /** What it was about, in a few words. It may quote what was asked: show it as text. */
  detail: text(2048),
  code: text(64),
  remedy: text(512),
  /** Set when a right was missing: which one, and the roles that have it. */
  needs: z.strictObject({ right: Right, roles: z.array(Role) }).optional(),
  /** Set when asking again may help: after how many milliseconds at the earliest. */
  retryAfterMs: z.int().min(0).optional(),
});
export type Problem = z.infer<typeof Problem>;
