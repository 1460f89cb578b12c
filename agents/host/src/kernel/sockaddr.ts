// Socket addresses (`struct sockaddr`) as bytes from a system call: family, address and port.

/** An address; for a family that is not read, `address` is empty. */
export interface SocketAddress {
  readonly family: 'inet' | 'inet6' | 'unix' | 'netlink' | 'packet' | 'vsock' | 'other';
  readonly address: Buffer;
  readonly port: number | undefined;
}

const unread = Buffer.alloc(0);

/** Reads an address (unix(7), ip(7), ipv6(7), netlink(7), packet(7), vsock(7)); never throws. */
export function parseSocketAddress(bytes: Buffer): SocketAddress {
  const family = bytes.length >= 2 ? bytes.readUInt16LE(0) : 0;
  switch (family) {
    case 1:
      return { family: 'unix', address: unixPath(bytes.subarray(2)), port: undefined };
    case 2:
      if (bytes.length < 8) break;
      return {
        family: 'inet',
        address: Buffer.from(bytes.subarray(4, 8).join('.')),
        port: bytes.readUInt16BE(2),
      };
    case 10:
      if (bytes.length < 24) break;
      return {
        family: 'inet6',
        address: Buffer.from(inet6(bytes.subarray(8, 24))),
        port: bytes.readUInt16BE(2),
      };
    case 16:
      return { family: 'netlink', address: unread, port: undefined };
    case 17:
      return { family: 'packet', address: unread, port: undefined };
    case 40:
      if (bytes.length < 12) break;
      return { family: 'vsock', address: Buffer.from(`${bytes.readUInt32LE(8)}`), port: undefined };
    default:
  }
  return { family: 'other', address: unread, port: undefined };
}

/** A path ends at its first NUL; an abstract name begins with one, which is written `@`. */
function unixPath(path: Buffer): Buffer {
  if (path[0] === 0) return Buffer.concat([Buffer.from('@'), path.subarray(1)]);
  const end = path.indexOf(0);
  return end === -1 ? path : path.subarray(0, end);
}

/** The shortest form (RFC 5952), with an IPv4-mapped address in dotted form. */
function inet6(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, at) => bytes.readUInt16BE(at * 2));
  const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (mapped) return `::ffff:${bytes.subarray(12).join('.')}`;
  const text = groups.map((group) => group.toString(16)).join(':');
  const runs = text.match(/(?:^|:)0(?::0)+(?=:|$)/g) ?? [];
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best), '');
  const parts = (run: string) => run.split(':').filter((part) => part !== '').length;
  if (parts(longest) < 2) return text;
  const at = text.indexOf(longest);
  const [before, after] = [text.slice(0, at), text.slice(at + longest.length)];
  return `${before}::${after.replace(/^:/, '')}`;
}
