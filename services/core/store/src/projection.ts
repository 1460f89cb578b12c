// The typed columns of a sealed row, as SQL over its sealed bytes: the sealer itself parses nothing.

/** Raised with every change below; each row says by which version its columns were derived. */
export const projectionVersion = 1;

/** Header and body are two objects without a name in common, so one parse of both joined does. */
const joined = `concat(substring(header, 1, length(header) - 1), ',', substring(body, 2))`;

const parsed = `JSONExtract(${joined}, 'Tuple(
  tenant String, sandbox String, incarnation UInt32, trust String, timeNs UInt64,
  kind String, stream String, seq UInt64, process Tuple(pid UInt32, exe String),
  path Tuple(raw String), exe Tuple(raw String), host String, name String, address String,
  destination String, tool String, signedChain String, finding Tuple(severity String, detector String))')`;

/** What an event is about: a path, a program, a host or name, a tool, a chain, a detector. */
const subject = `multiIf(
  event.path.raw != '', event.path.raw,
  event.exe.raw != '', event.exe.raw,
  event.host != '', event.host,
  event.name != '', event.name,
  event.address != '', event.address,
  event.destination != '', event.destination,
  event.tool != '', event.tool,
  event.signedChain != '', event.signedChain,
  event.finding.detector)`;

/** Column and expression, in the order of the table. Bytes that are not JSON give empty columns. */
const expressions: readonly (readonly [string, string])[] = [
  ['tenant', 'event.tenant'],
  ['sandbox', 'event.sandbox'],
  ['incarnation', 'event.incarnation'],
  ['trust', 'event.trust'],
  ['time', "fromUnixTimestamp64Nano(toInt64(least(event.timeNs, 9223372036854775807)), 'UTC')"],
  ['kind', 'event.kind'],
  ['stream', 'event.stream'],
  ['seq', 'event.seq'],
  ['pid', 'event.process.pid'],
  ['exe', 'event.process.exe'],
  ['subject', subject],
  ['severity', 'event.finding.severity'],
];

/** `WITH` clause that parses a row's sealed bytes once, under the name `event`. */
export const projectionWith = `WITH ${parsed} AS event`;

/** The projected columns' names. */
export const projectionColumns: readonly string[] = expressions.map(([column]) => column);

/** The projected columns' values, in the same order. */
export const projectionValues: readonly string[] = expressions.map(([, value]) => value);

/** True in SQL where a stored column is not what the sealed bytes give. */
export const projectionDiffers = expressions
  .map(([column, value]) => `${column} != ${value}`)
  .join(' OR ');
