// The Docker Engine API over its Unix socket: only the calls that watching and containing need.
import { SandtrailError } from '@sandtrail/schemas/errors';
import * as z from 'zod';
import { type EngineAnswer, type EngineCall, openCall, readAnswer } from './engine-call.ts';

/** What is read of a container; an engine says far more. */
export const Container = z.object({
  Id: z.string().regex(/^[0-9a-f]{64}$/),
  Name: z.string().max(1024),
  Path: z.string(),
  Args: z.array(z.string()),
  State: z.object({
    Status: z.string().max(64),
    Running: z.boolean(),
    Paused: z.boolean(),
    Pid: z.int().min(0),
    ExitCode: z.int(),
  }),
  Config: z.object({
    Image: z.string().max(1024),
    Labels: z.record(z.string(), z.string()).nullable(),
  }),
  HostConfig: z.object({
    Runtime: z.string().max(256),
    NetworkMode: z.string().max(256),
    PidMode: z.string().max(256),
    IpcMode: z.string().max(256),
    UTSMode: z.string().max(256),
    Privileged: z.boolean(),
    CapAdd: z.array(z.string()).nullable(),
    SecurityOpt: z.array(z.string()).nullable(),
    Binds: z.array(z.string()).nullable(),
    Devices: z.array(z.unknown()).nullable(),
    Memory: z.number(),
    NanoCpus: z.number(),
    CpuQuota: z.number(),
    PidsLimit: z.number().nullable(),
    RestartPolicy: z.object({ Name: z.string().max(64) }),
  }),
  NetworkSettings: z.object({
    Networks: z.record(
      z.string(),
      z.object({
        NetworkID: z.string().max(256),
        IPAMConfig: z.unknown(),
        Aliases: z.array(z.string()).nullable(),
      }),
    ),
  }),
});
export type Container = z.infer<typeof Container>;

/** An engine that answered once. Each call takes at most `timeoutMs` of the options. */
export interface DockerEngine {
  /** The API version that both sides speak, such as `1.41`. */
  readonly apiVersion: string;
  readonly socketPath: string;
  /** `undefined` when there is no such container. */
  inspect(id: string): Promise<Container | undefined>;
  /** Ids of the running containers that have the label. */
  running(label: string): Promise<readonly string[]>;
  /** Acts on a container; to be in that state already, or gone, is no failure. */
  act(id: string, act: 'pause' | 'unpause'): Promise<void>;
  /** Sends SIGKILL; from the moment when it is asked, the engine does not start it again. */
  kill(id: string): Promise<void>;
  /** The engine starts it again neither after its death nor at its own next start. */
  keepDead(id: string): Promise<void>;
  disconnect(id: string, network: string): Promise<void>;
  connect(id: string, network: string, endpoint: unknown): Promise<void>;
  /** The stream of events from `since` (seconds with a fraction, Unix time) on; never times out. */
  events(since: string, signal: AbortSignal): Promise<AsyncIterable<Buffer>>;
}

interface EngineOptions {
  readonly socketPath: string;
  /** Longest wait for an answer. */
  readonly timeoutMs?: number;
}

/** What this client was written against, and the oldest that has all of it. */
const newest = 1.41;
const oldest = 1.25;
const Version = z.object({ ApiVersion: z.string(), MinAPIVersion: z.string().optional() });
const Listed = z.array(z.object({ Id: z.string() }));

/**
 * Connects and negotiates the API's version.
 * @throws SandtrailError `DOCKER_UNAVAILABLE` when none answers or it is too old or too new
 */
export async function openDockerEngine(options: EngineOptions): Promise<DockerEngine> {
  const { socketPath, timeoutMs = 2_000 } = options;
  const plain = (call: EngineCall) => readAnswer({ socketPath, timeoutMs }, call);
  const { text } = succeeded(await plain({ method: 'GET', path: '/version' }));
  const version = Version.parse(JSON.parse(text));
  const api = Math.min(newest, Number(version.ApiVersion));
  if (!(api >= oldest) || api < Number(version.MinAPIVersion ?? oldest)) {
    const detail = `${socketPath} speaks ${version.MinAPIVersion}–${version.ApiVersion}`;
    throw new SandtrailError('DOCKER_UNAVAILABLE', { detail });
  }
  const prefix = `/v${api}`;
  const ask = (call: EngineCall) => plain({ ...call, path: `${prefix}${call.path}` });
  const post = async (path: string, body: unknown, fine: readonly number[]) => {
    succeeded(await ask({ method: 'POST', path, body }), fine);
  };
  return {
    apiVersion: `${api}`,
    socketPath,
    inspect: async (id) => {
      const answer = await ask({
        method: 'GET',
        path: `/containers/${encodeURIComponent(id)}/json`,
      });
      if (answer.status === 404) return undefined;
      return Container.parse(JSON.parse(succeeded(answer).text));
    },
    running: async (label) => {
      const filters = encodeURIComponent(JSON.stringify({ label: [label] }));
      const answer = await ask({ method: 'GET', path: `/containers/json?filters=${filters}` });
      return Listed.parse(JSON.parse(succeeded(answer).text)).map(({ Id }) => Id);
    },
    act: async (id, act) => {
      const answer = await ask({
        method: 'POST',
        path: `/containers/${id}/${act}`,
        body: undefined,
      });
      // Engine 20.10 answers 500 where a container is not paused (409 and 304 are others' words).
      if (answer.status === 500 && /is not paused/.test(answer.text)) return;
      succeeded(answer, gone);
    },
    kill: (id) => post(`/containers/${id}/kill`, undefined, gone),
    keepDead: (id) => post(`/containers/${id}/update`, { RestartPolicy: { Name: 'no' } }, gone),
    disconnect: (id, network) =>
      post(`/networks/${network}/disconnect`, { Container: id, Force: true }, [404]),
    connect: (id, network, endpoint) =>
      post(`/networks/${network}/connect`, { Container: id, EndpointConfig: endpoint }, [403]),
    events: async (since, signal) => {
      const path = `${prefix}/events?since=${encodeURIComponent(since)}`;
      return openCall({ socketPath, timeoutMs }, { method: 'GET', path, signal });
    },
  };
}

/** Already so, or not there any more: the state is read afterwards in any case. */
const gone: readonly number[] = [304, 404, 409];

/** @throws SandtrailError `DOCKER_REFUSED` for an answer that is neither a success nor fine here */
function succeeded(answer: EngineAnswer, fine: readonly number[] = []): EngineAnswer {
  if (answer.status < 300 || fine.includes(answer.status)) return answer;
  const detail = `${answer.status}: ${answer.text.trim().slice(0, 300)}`;
  throw new SandtrailError('DOCKER_REFUSED', { detail });
}
