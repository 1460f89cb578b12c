// Every life of a sandbox as one row: who it is, and the state in which its records leave it.

const lifecycle = ['created', 'started', 'paused', 'resumed', 'killed', 'destroyed']
  .map((each) => `'sandbox.${each}'`)
  .join(', ');

const ns = (time: string) => `toString(toUnixTimestamp64Nano(${time}))`;
const ofCreated = (field: string) =>
  `anyIf(JSONExtractString(body, ${field}), kind = 'sandbox.created')`;

/**
 * One row a life. `condition` is about `sealed` and narrows by sandbox; values are bound. A sandbox
 * that was killed and then destroyed was killed.
 */
export function livesSql(condition: string): string {
  return `
SELECT sandbox AS s, incarnation AS i,
  ${ofCreated("'name'")} AS name,
  ${ofCreated("'template'")} AS template,
  ${ofCreated("'node'")} AS node,
  ${ofCreated("'isolation'")} AS isolation,
  ${ofCreated("'policy', 'isolation'")} AS declared,
  ${ns("minIf(time, kind = 'sandbox.created')")} AS createdAt,
  ${ns("minIf(time, kind = 'sandbox.started')")} AS startedAt,
  ${ns("maxIf(time, kind = 'sandbox.destroyed')")} AS endedAt,
  anyIf(JSONExtractString(body, 'reason'), kind = 'sandbox.destroyed') AS endedAs,
  countIf(kind = 'sandbox.created') AS created,
  countIf(kind = 'sandbox.started') > 0 AS hasStarted,
  countIf(kind = 'sandbox.destroyed') > 0 AS hasEnded,
  multiIf(
    countIf(kind = 'sandbox.killed') > 0 OR endedAs = 'contained', 'killed',
    hasEnded, 'ended',
    maxIf(time, kind = 'sandbox.paused') > maxIf(time, kind = 'sandbox.resumed'), 'frozen',
    hasStarted, 'running', 'created') AS state
FROM sealed WHERE kind IN (${lifecycle}) AND ${condition}
GROUP BY s, i HAVING created > 0`;
}

/** How much there is of each life, by kind and severity; `once` as `Queries.once` gives it. */
export function countsSql(condition: string, once: string): string {
  return `
SELECT s, i, kind, severity, count() AS rows, ${ns('max(time)')} AS lastAt FROM (
  SELECT sandbox AS s, incarnation AS i, kind, severity, time FROM sealed
  WHERE ${condition} ${once})
GROUP BY s, i, kind, severity LIMIT 100000`;
}

/** What collectors say they lost of each life. */
export function lossesSql(condition: string): string {
  return `
SELECT sandbox AS s, incarnation AS i,
  toString(sum(toUInt64OrZero(JSONExtractString(body, 'count')))) AS lost,
  countIf(JSONExtractString(body, 'count') = '0') AS unknown
FROM sealed WHERE kind = 'collector.gap' AND ${condition}
GROUP BY s, i LIMIT 100000`;
}
