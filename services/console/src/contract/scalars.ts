// The scalars of the console's API: 64-bit values as digits, lists in a query, opaque cursors.
import { Count, Incarnation, SandboxUid, text } from '@sandtrail/schemas/scalars';
import * as z from 'zod';

/** An unsigned 64-bit number as decimal digits, on the wire and in a browser alike. */
export const Digits = z.string().regex(/^(?:0|[1-9]\d{0,19})$/);

/** Nanoseconds since the Unix epoch, as digits. */
export const Ns = Digits.max(19);

/** A row's place in a chain: which chain (hexadecimal) and which position. */
export const SealPlace = z.strictObject({
  chain: z.string().regex(/^[0-9a-f]{64}$/),
  pos: Digits,
});
export type SealPlace = z.infer<typeof SealPlace>;

/** One life of a sandbox, as a path names it. */
export const SandboxPath = z.strictObject({
  uid: SandboxUid,
  incarnation: z.coerce.number().pipe(Incarnation),
});

/** A place in a list, to go on from; it says nothing to whom it is given. */
export const Cursor = text(256).regex(/^[A-Za-z0-9_.~-]+$/);

/** How many of something, by name; names are the server's own and never come from a sandbox. */
export const Tally = z.record(z.string(), Count);

/** What a person says of an act; secrets in it are masked before it is sealed. */
export const Reason = z.string().trim().min(1).max(512);

/** A whole number in a query, where everything is text. */
export function whole(bounds: { readonly min: number; readonly max: number }) {
  return z.coerce.number().pipe(z.int().min(bounds.min).max(bounds.max));
}

/** Several values in a query, separated by commas: `families=process,network`. */
export function listOf<T extends z.ZodType<string>>(item: T, countMax: number) {
  const list = z.array(item).min(1).max(countMax);
  return z
    .string()
    .min(1)
    .max(4096)
    .transform((joined, context) => {
      const parsed = list.safeParse(joined.split(','));
      if (parsed.success) return parsed.data;
      for (const { message } of parsed.error.issues) context.addIssue(message);
      return z.NEVER;
    });
}

/** What a person typed to find something by its name. */
export const Search = z.string().trim().min(1).max(128);
