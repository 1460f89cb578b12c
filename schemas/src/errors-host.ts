// Errors of sandboxes, sensors and containment on a host.
import type { ErrorEntry } from './error-entry.ts';

/** One entry for each code. */
export const hostErrors = {
  SANDBOX_CGROUP: {
    message: "The sandbox's cgroup could not be made.",
    remedy: 'Run as root with cgroup v2 mounted; `sandtrail doctor` says what is missing.',
    exit: 69,
  },
  SANDBOX_START: {
    message: 'The sandbox did not start.',
    remedy: 'Read the detail; bubblewrap must be installed and user namespaces allowed.',
    exit: 69,
  },
  SANDBOX_NETWORK: {
    message: 'Proxy and resolver could not listen inside the sandbox.',
    remedy: 'See `setns` in `sandtrail doctor`, or use `network.mode: none` in the policy.',
    exit: 69,
  },
  SANDBOX_WORKSPACE: {
    message: 'The workspace cannot be used.',
    remedy: 'Name a directory that exists or can be made and whose owner is not root (chown it).',
    exit: 73,
  },
  SANDBOX_WEAKER: {
    message: 'The sandbox would be weaker than the policy declares.',
    remedy:
      'Use a host that offers the declared isolation, or pass --allow-weaker (it is recorded).',
    exit: 77,
  },
  CONTROL_MALFORMED: {
    message: 'A message on the control socket is malformed.',
    remedy: 'Use the same version of Sandtrail on both sides.',
    exit: 76,
  },
  CONTROL_DENIED: {
    message: 'This user may not do that on the control socket.',
    remedy: 'Run the command as root or as the user that Sandtrail runs as.',
    exit: 77,
  },
  CONTROL_LOST: {
    message: 'The connection to the host daemon is gone.',
    remedy: 'Start `sandtrail up`; the sandbox is frozen until it is watched again.',
    exit: 69,
  },
  CONTAIN_BAD_SIGNATURE: {
    message: 'A containment request is not signed by the pinned key.',
    remedy: 'Send it through the responder, which holds the key; check the pinned public key.',
    exit: 77,
  },
  CONTAIN_MALFORMED: {
    message: 'A containment request does not fit its schema.',
    remedy: 'Use the same version of Sandtrail on both sides.',
    exit: 76,
  },
  CONTAIN_EXPIRED: {
    message: 'A containment request came after its expiry.',
    remedy: 'Ask again; check that the machine clocks agree.',
    exit: 75,
  },
  CONTAIN_REPLAYED: {
    message: 'A containment request repeats the nonce of another one.',
    remedy: 'Sign a new request; look for who replays requests.',
    exit: 77,
  },
  CONTAIN_UNKNOWN_SANDBOX: {
    message: 'No sandbox of that uid lives on this host.',
    remedy: 'Ask the host that runs it; `sandtrail status` lists sandboxes.',
    exit: 66,
  },
  CONTAIN_WRONG_INCARNATION: {
    message: 'The containment request is about another life of the sandbox.',
    remedy: 'Ask again for the present incarnation.',
    exit: 66,
  },
  CONTAIN_LEVEL_LOWER: {
    message: 'Containment only rises; lowering it needs a release.',
    remedy: 'Use `sandtrail release`.',
    exit: 65,
  },
  CONTAIN_LEVEL_UNSUPPORTED: {
    message: 'No driver here can reach that level.',
    remedy: '`sandtrail doctor` lists the levels of each driver.',
    exit: 69,
  },
  CONTAIN_SELF_RELEASE: {
    message: 'A release needs another actor than the one who asked for containment.',
    remedy: 'Let another person release it.',
    exit: 77,
  },
  CONTAIN_BUSY: {
    message: 'Too many containment requests wait for this host.',
    remedy: 'Ask again in a moment.',
    exit: 75,
  },
  CONTAIN_NOT_WAITING: {
    message: 'No containment request of that id waits for a decision.',
    remedy:
      '`sandtrail approve` lists what waits; a request that nobody decided in time is denied.',
    exit: 64,
  },
  CONTAIN_SELF_APPROVAL: {
    message: 'A request needs the approval of another actor than the one who made it.',
    remedy: 'Let another person approve it.',
    exit: 77,
  },
  CONTAIN_NOT_CONTAINED: {
    message: 'The sandbox is not contained, or not in a way that can be released.',
    remedy: '`sandtrail approve` lists where each sandbox stands; a killed one stays dead.',
    exit: 65,
  },
  CONTAIN_UNRECORDED: {
    message: 'A containment request could not be written ahead of its effect, so nothing was done.',
    remedy: 'See why the log refuses writes (disk, shutdown); then ask again.',
    exit: 74,
  },
  DOCKER_UNAVAILABLE: {
    message: 'The container engine does not answer, or speaks another API.',
    remedy: 'Start the engine, name its socket in `schedulers`, and give the host daemon access.',
    exit: 69,
  },
  DOCKER_REFUSED: {
    message: 'The container engine refused a request.',
    remedy: 'Read the detail: it is what the engine said.',
    exit: 69,
  },
  SENSOR_UNAVAILABLE: {
    message: 'A kernel sensor could not be started.',
    remedy: 'Run `sandtrail doctor`: it says which sensors work here and what the others need.',
    exit: 69,
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;
