// What happened, in one line: how each kind of event is told in a list.
import type { Path } from '@sandtrail/schemas/body';
import type { ContainmentRequest, ContainmentResult } from '@sandtrail/schemas/containment';
import type { Body, Kind } from '@sandtrail/schemas/events';

type Bodies = { readonly [K in Kind]: Extract<Body, { readonly kind: K }> };
type Sayings = { readonly [K in Kind]: (body: Bodies[K]) => string };

const words = (...parts: readonly (string | number | bigint | undefined)[]) =>
  parts.filter((part) => part !== undefined && part !== '').join(' ');
const at = (host: string, port: number | undefined) =>
  port === undefined ? host : `${host}:${port}`;
const place = (path: Path) => path.raw || (path.resolved ?? '');
const said = ({ by, reason }: { readonly by: string; readonly reason: string }) =>
  words(`by ${by}:`, reason);
const decided = (result: ContainmentResult) =>
  words(result.level, result.state, result.check, result.detail);
const asked = ({ act, level, requester, reason }: ContainmentRequest) =>
  words(act, level, `asked by ${requester.name}:`, reason);
const beat = ({ seen, dropped }: { readonly seen: bigint; readonly dropped: bigint }) =>
  `${seen} seen, ${dropped} dropped`;

const sayings: Sayings = {
  'agent.message': ({ direction, peer, text }) => words(direction, peer, text),
  'collector.gap': ({ count, source, reason }) =>
    words(count === 0n ? 'an unknown number' : count, 'lost by', source, `(${reason})`),
  'collector.heartbeat': beat,
  'collector.started': ({ mode }) => mode,
  'collector.stopped': (body) => words(body.reason, beat(body)),
  'command.output': ({ channel, text }) => words(`${channel}:`, text),
  command: ({ phase, argv, exitCode, signal }) =>
    words(phase, ...argv, phase === 'started' ? undefined : `(${signal ?? exitCode ?? '?'})`),
  'containment.applied': ({ result }) => decided(result),
  'containment.approved': said,
  'containment.denied': said,
  'containment.failed': ({ result }) => decided(result),
  'containment.refused': said,
  'containment.released': ({ result }) => decided(result),
  'containment.requested': ({ request }) => asked(request),
  'containment.verified': ({ result }) => decided(result),
  'control.alert': ({ actor, act, findings, owner, verdict, reason }) =>
    words(actor, act, `${findings.length} alerts`, owner, verdict, reason),
  'control.audit': ({ actor, act, outcome, detail }) => words(actor, act, outcome, detail),
  'control.checkpoint': ({ signedChain, size }) => words(signedChain, 'up to', size),
  'control.genesis': ({ log, topic, partition }) => `${log}/${topic}/${partition}`,
  'control.refused': ({ code, count, claimedSandbox, claimedKind }) =>
    words(`${count} refused:`, code, claimedSandbox, claimedKind),
  'control.sign_in': ({ actor, act, role, detail }) => words(actor, act, role, detail),
  'control.tick': () => '',
  'control.verification': ({ actor, verifiedChain, from, to, verdict }) =>
    words(actor, verifiedChain, `${from}–${to}`, verdict),
  'feed.alert': ({ source, rule, priority, message }) =>
    words(`${source}:`, priority, rule, message),
  'file.chmod': ({ path, mode }) => words(mode.toString(8), place(path)),
  'file.delete': ({ path }) => place(path),
  'file.link': ({ path, target }) => words(place(path), '→', place(target)),
  'file.open': ({ path, access }) => words(access, place(path)),
  'file.rename': ({ path, target }) => words(place(path), '→', place(target)),
  'file.write': ({ path, sizeBytes }) => words(place(path), `${sizeBytes} B`),
  finding: ({ finding }) => finding.explanation,
  'model.output': ({ text }) => text,
  'model.prompt': ({ text }) => text,
  'network.connect': ({ address, port }) => at(address, port),
  'network.denied': ({ protocol, destination, reason, repeats }) =>
    words(protocol, destination, `(${reason})`, repeats === undefined ? '' : `×${repeats}`),
  'network.dns': ({ type, name, verdict, answers }) => words(type, name, verdict, ...answers),
  'network.flow': ({ host, port, ended }) => words(at(host, port), ended),
  'network.http': ({ method, host, port, path, status }) =>
    words(method, `${at(host, port)}${path ?? ''}`, status),
  'network.listen': ({ address, port }) => at(address, port),
  'process.credentials': ({ realUid, effectiveUid }) =>
    words('uid', realUid, effectiveUid === undefined ? '' : `effective ${effectiveUid}`),
  'process.exec': ({ exe, argv }) => (argv.length === 0 ? place(exe) : argv.join(' ')),
  'process.exit': ({ code, signal }) =>
    signal === undefined || signal === 0 ? `code ${code ?? '?'}` : `signal ${signal}`,
  'process.fork': ({ childPid }) => `pid ${childPid}`,
  'sandbox.created': ({ name, isolation }) => words(name, isolation),
  'sandbox.destroyed': ({ reason, exitCode, signal }) => words(reason, exitCode, signal),
  'sandbox.killed': said,
  'sandbox.paused': said,
  'sandbox.resumed': said,
  'sandbox.started': ({ argv }) => argv.join(' '),
  'sandbox.unenforced': ({ field, reason }) => words(`${field}:`, reason),
  syscall: ({ name, args, path }) =>
    words(name, ...args.map((arg) => `${arg.name}=${arg.value}`), path && place(path)),
  'tool.call': ({ tool, input }) => words(tool, input),
  'tool.result': ({ tool, output }) => words(tool, output),
};

/** The line of an event. It quotes the sandbox as it is: whoever shows it makes it safe. */
export function summaryOf(body: Body): string {
  return say(body.kind, body);
}

function say<K extends Kind>(kind: K, body: Bodies[K]): string {
  return sayings[kind](body);
}
