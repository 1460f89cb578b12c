// Application Lifecycle (6002): sandboxes and collectors that come, change and go.
import type { JsonObject } from '../json.ts';
import { type MappersOf, ownFields } from './mapped.ts';

const lifecycle = 'application_lifecycle' as const;

/** The sandbox as the application that lives. */
function sandbox(name: string, uid: string): JsonObject {
  return { app: { name, uid, feature: { name: 'sandbox' } } };
}

/** A collector, by the name of its stream. */
function collector(stream: string): JsonObject {
  const [name = stream] = stream.split(':');
  return { app: { name, uid: stream, feature: { name: 'collector' } } };
}

/** The kinds of this family. */
export const lifecycleMappers: MappersOf<
  | 'sandbox.created'
  | 'sandbox.started'
  | 'sandbox.paused'
  | 'sandbox.resumed'
  | 'sandbox.killed'
  | 'sandbox.destroyed'
  | 'sandbox.unenforced'
  | 'collector.started'
  | 'collector.heartbeat'
  | 'collector.gap'
  | 'collector.stopped'
> = {
  'sandbox.created'(body, header) {
    const { name, ...unmapped } = ownFields(body);
    const fields = sandbox(name, header.sandbox);
    return { class: lifecycle, activity: 1, subject: name, fields, unmapped };
  },
  'sandbox.started'(body, header) {
    const subject = body.argv.join(' ');
    const fields = sandbox(header.sandbox, header.sandbox);
    return { class: lifecycle, activity: 3, subject, fields, unmapped: ownFields(body) };
  },
  'sandbox.paused'(body, header) {
    const { reason, ...unmapped } = ownFields(body);
    const fields = { ...sandbox(header.sandbox, header.sandbox), status_detail: reason };
    return { class: lifecycle, activity: 7, subject: reason, fields, unmapped };
  },
  'sandbox.resumed'(body, header) {
    const { reason, ...unmapped } = ownFields(body);
    const fields = { ...sandbox(header.sandbox, header.sandbox), status_detail: reason };
    return { class: lifecycle, activity: 6, subject: reason, fields, unmapped };
  },
  'sandbox.killed'(body, header) {
    const { reason, ...unmapped } = ownFields(body);
    const fields = { ...sandbox(header.sandbox, header.sandbox), status_detail: reason };
    return { class: lifecycle, activity: 4, subject: reason, fields, unmapped };
  },
  'sandbox.destroyed'(body, header) {
    const { reason, ...unmapped } = ownFields(body);
    const fields = { ...sandbox(header.sandbox, header.sandbox), status_detail: reason };
    return { class: lifecycle, activity: 2, subject: reason, fields, unmapped };
  },
  'sandbox.unenforced'(body, header) {
    const { reason, ...unmapped } = ownFields(body);
    const fields = { ...sandbox(header.sandbox, header.sandbox), status_detail: reason };
    const subject = `${body.field}: ${reason}`;
    return { class: lifecycle, activity: 'Unenforced', failed: true, subject, fields, unmapped };
  },
  'collector.started'(body) {
    const fields = collector(body.stream);
    return { class: lifecycle, activity: 3, subject: body.mode, fields, unmapped: ownFields(body) };
  },
  'collector.heartbeat'(body) {
    const fields = collector(body.stream);
    const subject = `up to ${body.upToSeq}`;
    return { class: lifecycle, activity: 'Heartbeat', subject, fields, unmapped: ownFields(body) };
  },
  'collector.gap'(body) {
    const { reason, ...unmapped } = ownFields(body);
    const fields = { ...collector(body.stream), status_detail: reason };
    const subject = `${body.source} lost ${body.count}: ${reason}`;
    return { class: lifecycle, activity: 'Gap', failed: true, subject, fields, unmapped };
  },
  'collector.stopped'(body) {
    const { reason, ...unmapped } = ownFields(body);
    const fields = { ...collector(body.stream), status_detail: reason };
    return { class: lifecycle, activity: 4, subject: reason, fields, unmapped };
  },
};
