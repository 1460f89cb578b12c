// Sets kafkajs up from the settings: TLS, SASL, bounds, its log in ours, zstd, sockets that refuse the clear.
import { readFileSync } from 'node:fs';
import { connect as connectPlain, Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { promisify } from 'node:util';
import { constants, zstdCompress, zstdDecompress } from 'node:zlib';
import type { Logger } from '@sandtrail/runtime/log';
import { SandtrailError } from '@sandtrail/schemas/errors';
import kafkajs, { type ISocketFactory, type LogEntry, type SASLOptions } from 'kafkajs';
import { checkSecrecy, isLoopback, type KafkaSettings } from './kafka-settings.ts';

const keepAliveMs = 60_000;
/** Half as large again as the largest batch that is ever sent: what unpacks to more is not ours. */
export const unpackedSizeBytesMax = 64 * 1024 * 1024;

/**
 * Options for kafkajs.
 * @throws SandtrailError `CONFIG_INVALID` when a file cannot be read, or for another machine
 * without TLS
 */
export function kafkaOptions(settings: KafkaSettings, logger: Logger) {
  checkSecrecy(settings);
  const { brokers, tls, sasl, plaintext } = settings;
  return {
    brokers,
    clientId: 'sandtrail',
    connectionTimeout: 3000,
    authenticationTimeout: 5000,
    requestTimeout: 10_000,
    enforceRequestTimeout: true,
    retry: { initialRetryTime: 100, maxRetryTime: 1000, retries: 3 },
    logLevel: kafkajs.logLevel.WARN,
    logCreator: () => (entry: LogEntry) => tell(entry, logger),
    socketFactory: sockets({ mayBePlain: plaintext }),
    ...(tls === undefined ? {} : { ssl: pemOf(tls) }),
    ...(sasl === undefined ? {} : { sasl: credentialsOf(sasl) }),
  };
}

/** What kafkajs says of its own retries is for whoever looks closely: outages are told elsewhere. */
function tell({ namespace, log }: LogEntry, logger: Logger): void {
  logger.debug('kafkajs said', { namespace, text: log.message.slice(0, 500) });
}

/** A cluster names its other brokers itself: each of them is held to the rule, not the first alone. */
function sockets({ mayBePlain }: { readonly mayBePlain: boolean }): ISocketFactory {
  return ({ host, port, ssl, onConnect }) => {
    // kafkajs hands over nothing for a connection without TLS, whatever its types say.
    const wanted: unknown = ssl;
    if (wanted instanceof Object) {
      const names = isLoopback(host) && host !== 'localhost' ? {} : { servername: host };
      return connectTls({ host, port, ...names, ...ssl }, onConnect).setKeepAlive(
        true,
        keepAliveMs,
      );
    }
    if (mayBePlain || isLoopback(host)) {
      return connectPlain({ host, port }, onConnect).setKeepAlive(true, keepAliveMs).setNoDelay();
    }
    const refused = new Socket();
    setImmediate(() =>
      refused.destroy(new Error(`${host} is another machine, and TLS is not set`)),
    );
    return refused;
  };
}

function pemOf({ ca, cert, key }: NonNullable<KafkaSettings['tls']>) {
  return {
    ...(ca === undefined ? {} : { ca: [fileOf(ca)] }),
    ...(cert === undefined ? {} : { cert: fileOf(cert) }),
    ...(key === undefined ? {} : { key: fileOf(key) }),
  };
}

function credentialsOf(sasl: NonNullable<KafkaSettings['sasl']>): SASLOptions {
  const { mechanism, username, passwordFile } = sasl;
  const password = fileOf(passwordFile).replace(/\r?\n$/, '');
  // One literal each: kafkajs' type is a union by mechanism.
  return mechanism === 'scram-sha-256'
    ? { mechanism: 'scram-sha-256', username, password }
    : { mechanism: 'scram-sha-512', username, password };
}

function fileOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new SandtrailError('CONFIG_INVALID', { detail: `bus: ${path} cannot be read`, cause });
  }
}

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);
const fast = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

// kafkajs has no zstd of its own and asks for codecs in this one place.
kafkajs.CompressionCodecs[kafkajs.CompressionTypes.ZSTD] = () => ({
  compress: ({ buffer }: { readonly buffer: Buffer }) => compress(buffer, fast),
  decompress: (bytes: Buffer) => decompress(bytes, { maxOutputLength: unpackedSizeBytesMax }),
});
