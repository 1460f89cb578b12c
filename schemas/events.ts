// Every kind of event, one line each; a kind is a file in `events/`.
import * as z from 'zod';
import { AgentMessage } from './events/agent-message.ts';
import { CollectorGap } from './events/collector-gap.ts';
import { CollectorHeartbeat } from './events/collector-heartbeat.ts';
import { CollectorStarted } from './events/collector-started.ts';
import { CollectorStopped } from './events/collector-stopped.ts';
import { Command } from './events/command.ts';
import { CommandOutput } from './events/command-output.ts';
import { ContainmentApplied } from './events/containment-applied.ts';
import { ContainmentApproved } from './events/containment-approved.ts';
import { ContainmentDenied } from './events/containment-denied.ts';
import { ContainmentFailed } from './events/containment-failed.ts';
import { ContainmentRefused } from './events/containment-refused.ts';
import { ContainmentReleased } from './events/containment-released.ts';
import { ContainmentRequested } from './events/containment-requested.ts';
import { ContainmentVerified } from './events/containment-verified.ts';
import { ControlAlert } from './events/control-alert.ts';
import { ControlAudit } from './events/control-audit.ts';
import { ControlCheckpoint } from './events/control-checkpoint.ts';
import { ControlGenesis } from './events/control-genesis.ts';
import { ControlRefused } from './events/control-refused.ts';
import { ControlSignIn } from './events/control-sign-in.ts';
import { ControlTick } from './events/control-tick.ts';
import { ControlVerification } from './events/control-verification.ts';
import { FeedAlert } from './events/feed-alert.ts';
import { FileChmod } from './events/file-chmod.ts';
import { FileDelete } from './events/file-delete.ts';
import { FileLink } from './events/file-link.ts';
import { FileOpen } from './events/file-open.ts';
import { FileRename } from './events/file-rename.ts';
import { FileWrite } from './events/file-write.ts';
import { FindingEvent } from './events/finding.ts';
import { ModelOutput } from './events/model-output.ts';
import { ModelPrompt } from './events/model-prompt.ts';
import { NetworkConnect } from './events/network-connect.ts';
import { NetworkDenied } from './events/network-denied.ts';
import { NetworkDns } from './events/network-dns.ts';
import { NetworkFlow } from './events/network-flow.ts';
import { NetworkHttp } from './events/network-http.ts';
import { NetworkListen } from './events/network-listen.ts';
import { ProcessCredentials } from './events/process-credentials.ts';
import { ProcessExec } from './events/process-exec.ts';
import { ProcessExit } from './events/process-exit.ts';
import { ProcessFork } from './events/process-fork.ts';
import { SandboxCreated } from './events/sandbox-created.ts';
import { SandboxDestroyed } from './events/sandbox-destroyed.ts';
import { SandboxKilled } from './events/sandbox-killed.ts';
import { SandboxPaused } from './events/sandbox-paused.ts';
import { SandboxResumed } from './events/sandbox-resumed.ts';
import { SandboxStarted } from './events/sandbox-started.ts';
import { SandboxUnenforced } from './events/sandbox-unenforced.ts';
import { Syscall } from './events/syscall.ts';
import { ToolCall } from './events/tool-call.ts';
import { ToolResult } from './events/tool-result.ts';

/** A body: one of the kinds, told apart by `kind`. */
export const Body = z.discriminatedUnion('kind', [
  AgentMessage,
  CollectorGap,
  CollectorHeartbeat,
  CollectorStarted,
  CollectorStopped,
  CommandOutput,
  Command,
  ContainmentApplied,
  ContainmentApproved,
  ContainmentDenied,
  ContainmentFailed,
  ContainmentRefused,
  ContainmentReleased,
  ContainmentRequested,
  ContainmentVerified,
  ControlAlert,
  ControlAudit,
  ControlCheckpoint,
  ControlGenesis,
  ControlRefused,
  ControlSignIn,
  ControlTick,
  ControlVerification,
  FeedAlert,
  FileChmod,
  FileDelete,
  FileLink,
  FileOpen,
  FileRename,
  FileWrite,
  FindingEvent,
  ModelOutput,
  ModelPrompt,
  NetworkConnect,
  NetworkDenied,
  NetworkDns,
  NetworkFlow,
  NetworkHttp,
  NetworkListen,
  ProcessCredentials,
  ProcessExec,
  ProcessExit,
  ProcessFork,
  SandboxCreated,
  SandboxDestroyed,
  SandboxKilled,
  SandboxPaused,
  SandboxResumed,
  SandboxStarted,
  SandboxUnenforced,
  Syscall,
  ToolCall,
  ToolResult,
]);
export type Body = z.infer<typeof Body>;

/** A kind's name, such as `process.exec`. */
export type Kind = Body['kind'];

/** The body of one kind. */
export type BodyOf<K extends Kind> = Extract<Body, { kind: K }>;
