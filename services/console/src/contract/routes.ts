// Every route of the console's API, one entry each; the server, the types and OpenAPI follow it.
import { AlertDetail, AlertPage, AlertQuery, AlertRequest } from './alerts.ts';
import { AuditPage, AuditQuery } from './audit.ts';
import {
  ContainmentItem,
  ContainmentView,
  ContainRequest,
  DecisionRequest,
  ReleaseRequest,
} from './containment.ts';
import { EventDetail } from './event-detail.ts';
import { EventPage, EventQuery, FindingPath, Histogram, HistogramQuery } from './event-query.ts';
import {
  IntegrityView,
  Verification,
  VerificationPath,
  VerificationRequest,
  verificationMessages,
} from './integrity.ts';
import { LiveQuery, liveMessages } from './live.ts';
import { NetworkView } from './network.ts';
import { FleetView, PipelineView } from './pipeline.ts';
import { ProcessList } from './processes.ts';
import { Receipt } from './receipt.ts';
import type { ApiRoute } from './route.ts';
import { SandboxDetail, SandboxPage, SandboxQuery } from './sandboxes.ts';
import { SandboxPath, SealPlace } from './scalars.ts';
import { Session, SessionList, SessionPath, SignIn } from './session.ts';

/** By name. Events of one sandbox are asked for with `listEvents` and its uid, in either order. */
export const routes = {
  signIn: {
    method: 'POST',
    path: '/session',
    summary: 'Turns a one-time token into a session; the answer sets its cookie.',
    right: 'anyone',
    body: SignIn,
    answer: { type: 'json', schema: Session },
    refusals: ['SIGN_IN_REFUSED'],
  },
  getSession: {
    method: 'GET',
    path: '/session',
    summary: 'Who is signed in, and what that allows.',
    right: 'session',
    answer: { type: 'json', schema: Session },
  },
  signOut: {
    method: 'DELETE',
    path: '/session',
    summary: 'Ends the own session.',
    right: 'session',
    answer: { type: 'empty' },
  },
  listSessions: {
    method: 'GET',
    path: '/sessions',
    summary: 'The sessions that are open.',
    right: 'sessions',
    answer: { type: 'json', schema: SessionList },
  },
  endSession: {
    method: 'DELETE',
    path: '/sessions/{id}',
    summary: 'Ends a session, whoever has it.',
    right: 'sessions',
    params: SessionPath,
    answer: { type: 'empty' },
    refusals: ['NOT_FOUND'],
  },
  live: {
    method: 'GET',
    path: '/live',
    summary: 'Events as they enter the log, with lag and loss; resumes behind an id.',
    right: 'read',
    query: LiveQuery,
    answer: { type: 'events', messages: liveMessages },
    refusals: ['CONSOLE_BUSY'],
  },
  listEvents: {
    method: 'GET',
    path: '/events',
    summary: 'Events that match, page by page in either direction, with totals.',
    right: 'read',
    query: EventQuery,
    answer: { type: 'json', schema: EventPage },
    refusals: ['STORE_QUERY_LIMIT'],
  },
  getHistogram: {
    method: 'GET',
    path: '/events/histogram',
    summary: 'How many events match over time, by family, and findings by severity.',
    right: 'read',
    query: HistogramQuery,
    answer: { type: 'json', schema: Histogram },
    refusals: ['STORE_QUERY_LIMIT'],
  },
  getEvent: {
    method: 'GET',
    path: '/events/{chain}/{pos}',
    summary: 'One event: its exact bytes, its seal, its source and how it came about.',
    right: 'read',
    params: SealPlace,
    answer: { type: 'json', schema: EventDetail },
    refusals: ['NOT_FOUND'],
  },
  listSandboxes: {
    method: 'GET',
    path: '/sandboxes',
    summary: 'Sandboxes, newest first.',
    right: 'read',
    query: SandboxQuery,
    answer: { type: 'json', schema: SandboxPage },
  },
  getSandbox: {
    method: 'GET',
    path: '/sandboxes/{uid}/{incarnation}',
    summary: 'One sandbox: policy, state, ladder with proofs, counts.',
    right: 'read',
    params: SandboxPath,
    answer: { type: 'json', schema: SandboxDetail },
    refusals: ['NOT_FOUND'],
  },
  listProcesses: {
    method: 'GET',
    path: '/sandboxes/{uid}/{incarnation}/processes',
    summary: 'The processes of a sandbox, in order of first sight.',
    right: 'read',
    params: SandboxPath,
    answer: { type: 'json', schema: ProcessList },
    refusals: ['NOT_FOUND'],
  },
  getNetwork: {
    method: 'GET',
    path: '/sandboxes/{uid}/{incarnation}/network',
    summary: 'Where a sandbox talked to, by destination, and the names it asked for.',
    right: 'read',
    params: SandboxPath,
    answer: { type: 'json', schema: NetworkView },
    refusals: ['NOT_FOUND'],
  },
  listAlerts: {
    method: 'GET',
    path: '/alerts',
    summary: 'Alerts with their state.',
    right: 'read',
    query: AlertQuery,
    answer: { type: 'json', schema: AlertPage },
  },
  getAlert: {
    method: 'GET',
    path: '/alerts/{id}',
    summary: 'One alert with its evidence and its history.',
    right: 'read',
    params: FindingPath,
    answer: { type: 'json', schema: AlertDetail },
    refusals: ['NOT_FOUND'],
  },
  actOnAlerts: {
    method: 'POST',
    path: '/alerts/acts',
    summary: 'Acknowledges, assigns, closes, reopens or comments one alert or many.',
    right: 'alert',
    body: AlertRequest,
    answer: { type: 'json', schema: Receipt },
    refusals: ['NOT_FOUND', 'ALERT_UNCHANGED'],
  },
  getContainment: {
    method: 'GET',
    path: '/containment',
    summary: 'Standings, requests that wait for a person, and recent ones with their proofs.',
    right: 'read',
    answer: { type: 'json', schema: ContainmentView },
  },
  contain: {
    method: 'POST',
    path: '/containment/contain',
    summary: 'Raises a sandbox to a level at once; answers with the first proof.',
    right: 'contain',
    body: ContainRequest,
    answer: { type: 'json', schema: ContainmentItem },
    refusals: ['CONTAIN_LEVEL_LOWER', 'CONTAIN_UNRECORDED', 'CONTAIN_EXPIRED'],
  },
  approve: {
    method: 'POST',
    path: '/containment/approve',
    summary: 'Approves a waiting request of somebody else; answers with the first proof.',
    right: 'decide',
    body: DecisionRequest,
    answer: { type: 'json', schema: ContainmentItem },
    refusals: ['CONTAIN_NOT_WAITING', 'CONTAIN_SELF_APPROVAL'],
  },
  deny: {
    method: 'POST',
    path: '/containment/deny',
    summary: 'Denies a waiting request.',
    right: 'decide',
    body: DecisionRequest,
    answer: { type: 'json', schema: ContainmentItem },
    refusals: ['CONTAIN_NOT_WAITING'],
  },
  release: {
    method: 'POST',
    path: '/containment/release',
    summary: 'Lowers a containment that somebody else asked for.',
    right: 'release',
    body: ReleaseRequest,
    answer: { type: 'json', schema: ContainmentItem },
    refusals: ['CONTAIN_SELF_RELEASE', 'CONTAIN_NOT_CONTAINED'],
  },
  getIntegrity: {
    method: 'GET',
    path: '/integrity',
    summary: 'Every chain: head, what is sealed and signed, gaps, last verification.',
    right: 'read',
    answer: { type: 'json', schema: IntegrityView },
  },
  startVerification: {
    method: 'POST',
    path: '/integrity/verifications',
    summary: 'Starts to verify a range of a chain.',
    right: 'verify',
    body: VerificationRequest,
    answer: { type: 'json', schema: Verification },
    refusals: ['NOT_FOUND', 'CONSOLE_BUSY'],
  },
  followVerification: {
    method: 'GET',
    path: '/integrity/verifications/{id}',
    summary: 'How a verification goes on, to its result.',
    right: 'read',
    params: VerificationPath,
    answer: { type: 'events', messages: verificationMessages },
    refusals: ['NOT_FOUND', 'CONSOLE_BUSY'],
  },
  getPipeline: {
    method: 'GET',
    path: '/pipeline',
    summary: 'Every stage with rate, lag and drops, and all counters.',
    right: 'read',
    answer: { type: 'json', schema: PipelineView },
  },
  getFleet: {
    method: 'GET',
    path: '/fleet',
    summary: 'Collectors with effective mode, blind spots, heartbeats and losses.',
    right: 'read',
    answer: { type: 'json', schema: FleetView },
  },
  listAudit: {
    method: 'GET',
    path: '/audit',
    summary: 'Who did what here, newest first.',
    right: 'read',
    query: AuditQuery,
    answer: { type: 'json', schema: AuditPage },
  },
} as const satisfies Readonly<Record<string, ApiRoute>>;

/** A route's name. */
export type RouteName = keyof typeof routes;
