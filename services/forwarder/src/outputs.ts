// Every type of destination: its settings and how it is opened; an output is one file in `outputs/`.
import * as z from 'zod';
import { inTurn, type Output, type OutputParts } from './output.ts';
import { ElasticDestination, openElasticOutput } from './outputs/elastic.ts';
import { FileDestination, openFileOutput } from './outputs/file.ts';
import { openSyslogOutput, SyslogDestination } from './outputs/syslog.ts';
import { openWebhookOutput, WebhookDestination } from './outputs/webhook.ts';

/** A destination's settings, told apart by `type`. */
export const Destination = z.discriminatedUnion('type', [
  FileDestination,
  SyslogDestination,
  ElasticDestination,
  WebhookDestination,
]);
export type Destination = z.infer<typeof Destination>;

type Type = Destination['type'];
type SettingsOf = { readonly [T in Type]: Extract<Destination, { type: T }> };

const openers: {
  readonly [T in Type]: (settings: SettingsOf[T], parts: OutputParts) => Output;
} = {
  file: openFileOutput,
  syslog: openSyslogOutput,
  elastic: openElasticOutput,
  webhook: openWebhookOutput,
};

const destinationsMax = 16;

/** Destinations by the name that status, logs and metrics call them. */
export const Destinations = z
  .record(z.string().regex(/^[a-z][a-z0-9-]{0,31}$/), Destination)
  .refine((all) => Object.keys(all).length <= destinationsMax, `at most ${destinationsMax}`);
export type Destinations = z.infer<typeof Destinations>;

/** Opens an output; nothing is connected before something is sent. */
export function openOutput(settings: Destination, parts: OutputParts): Output {
  return openAs(settings.type, settings, parts);
}

/**
 * The outputs of a destination's lanes: each has its own, so that what is urgent never waits for the
 * many; a medium with one end alone (a file) is shared in turn.
 */
export function openLaneOutputs(settings: Destination, parts: OutputParts) {
  if (settings.type !== 'file')
    return { urgent: openOutput(settings, parts), bulk: openOutput(settings, parts) };
  const shared = inTurn(openOutput(settings, parts));
  return { urgent: shared, bulk: shared };
}

function openAs<T extends Type>(type: T, settings: SettingsOf[T], parts: OutputParts): Output {
  return openers[type](settings, parts);
}
