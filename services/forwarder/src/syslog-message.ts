// One event as a syslog message (RFC 5424), framed by octet counting (RFC 6587, 3.4.1; RFC 5425).
import type { Message } from './output.ts';

/** Who speaks, and as what. */
export interface SyslogSender {
  readonly node: string;
  readonly facility: number;
}

/** RFC 5612's number for examples: nobody else's structured data is called so with our name. */
const sdId = 'sandtrail@32473';
const levels: Readonly<Record<Message['severity'], number>> = {
  critical: 2,
  high: 3,
  medium: 4,
  low: 5,
  info: 6,
};
const hostCharsMax = 255;
const idCharsMax = 32;

/** The frame's bytes. The text is printable US-ASCII (`safeText`), so no byte order mark is due. */
export function syslogFrame(message: Message, { node, facility }: SyslogSender): Buffer {
  const { uid, chain, pos, kind, sandbox, severity, timeMs, text } = message;
  const priority = facility * 8 + levels[severity];
  const time = new Date(timeMs).toISOString();
  const names = { uid, chain, pos: `${pos}`, sandbox, severity };
  const data = Object.entries(names).map(([name, value]) => ` ${name}="${paramValue(value)}"`);
  const header = [
    `<${priority}>1 ${time} ${printable(node, hostCharsMax)}`,
    `sandtrail - ${printable(kind, idCharsMax)} [${sdId}${data.join('')}]`,
  ];
  const bytes = Buffer.from(`${header.join(' ')} ${text}`);
  return Buffer.concat([Buffer.from(`${bytes.length} `), bytes]);
}

/** RFC 5424, 6.3.3: `"`, `\` and `]` are escaped; controls, which no name of ours has, are dropped. */
export function paramValue(value: string): string {
  return value.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '').replaceAll(/["\\\]]/g, '\\$&');
}

/** PRINTUSASCII without spaces, bounded; the nil value where nothing is left. */
function printable(value: string, charsMax: number): string {
  const kept = value.replaceAll(/[^\x21-\x7e]/g, '').slice(0, charsMax);
  return kept === '' ? '-' : kept;
}
