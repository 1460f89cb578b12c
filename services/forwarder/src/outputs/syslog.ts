// Syslog (RFC 5424) over TLS (RFC 5425) or, on loopback, over TCP with octet counting (RFC 6587).
import * as z from 'zod';
import { DeliveryFailure } from '../delivery-failure.ts';
import { isLoopback, sharedSettings, TlsFiles } from '../destination-settings.ts';
import type { Output, OutputParts } from '../output.ts';
import { SyslogConnection } from '../syslog-connection.ts';
import { syslogFrame } from '../syslog-message.ts';

const logAudit = 13;

/** A receiver. Its own bound of a message must be above `messageBytesMax` and some 400 bytes. */
export const SyslogDestination = z
  .strictObject({
    type: z.literal('syslog'),
    host: z.string().regex(/^[A-Za-z0-9.:_-]{1,255}$/),
    port: z.int().min(1).max(65_535).default(6514),
    tls: TlsFiles.optional(),
    /** RFC 5424, 6.2.1; 13 is "log audit". */
    facility: z.int().min(0).max(23).default(logAudit),
    ...sharedSettings,
    messageBytesMax: sharedSettings.messageBytesMax.default(65_536),
  })
  .refine(({ host, tls }) => tls !== undefined || isLoopback(host), {
    message: 'tls is required beyond loopback',
  });
export type SyslogDestination = z.infer<typeof SyslogDestination>;

/**
 * Opens the output. Syslog has no answers: `delivered` means that the receiver's kernel has
 * acknowledged every byte of a message (TCP's own acknowledgement).
 */
export function openSyslogOutput(settings: SyslogDestination, { node }: OutputParts): Output {
  const connection = new SyslogConnection(settings);
  const sender = { node, facility: settings.facility };
  return {
    async deliver(messages, signal) {
      const frames = messages.map((message) => syslogFrame(message, sender));
      const acknowledged = await connection.send(Buffer.concat(frames), signal);
      let end = 0;
      const verdicts = frames.map(({ length }) => {
        end += length;
        return end <= acknowledged ? 'delivered' : 'again';
      });
      if (verdicts[0] === 'delivered') return verdicts;
      const detail = 'the connection ended before anything was acknowledged';
      throw new DeliveryFailure('DESTINATION_UNREACHABLE', { detail });
    },
    close: async () => connection.close(),
  };
}
