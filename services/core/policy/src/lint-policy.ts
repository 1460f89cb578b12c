// Warnings about a policy that is valid but wide: what it leaves open and how to close it.
import { isolationRank, type Policy } from '@sandtrail/schemas/policy';
import { parseAddress } from './address.ts';
import { parseHostMount } from './compile-policy.ts';
import { isWithin } from './place.ts';
import { parseLimits } from './resources.ts';

/** One warning: a stable code, the field, and a sentence. */
export interface PolicyWarning {
  readonly code: string;
  readonly field: string;
  readonly message: string;
}

const timeoutSecondsLong = 86_400;
const memoryBytesLarge = 64 * 1024 ** 3;

/** Suffixes under which anybody can have a name of their own: a wildcard there allows everybody. */
const sharedSuffixes: readonly string[] = [
  'github.io',
  'githubusercontent.com',
  'gitlab.io',
  'pages.dev',
  'workers.dev',
  'vercel.app',
  'netlify.app',
  'herokuapp.com',
  'ngrok.io',
  'ngrok.app',
  'ngrok-free.app',
  'trycloudflare.com',
  'amazonaws.com',
  'cloudfront.net',
  'azurewebsites.net',
  'blob.core.windows.net',
  'run.app',
  'appspot.com',
  'web.app',
  'firebaseio.com',
  'fly.dev',
  'onrender.com',
];

/** Host paths whose mount gives the host away. */
const sensitiveMounts: readonly string[] = [
  '/proc',
  '/sys',
  '/dev',
  '/var/run',
  '/run',
  '/etc',
  '/root',
  '/boot',
];

/** Everything about the policy that deserves a second look; empty when there is nothing. */
export function lintPolicy(policy: Policy): readonly PolicyWarning[] {
  return [
    ...lintIsolation(policy),
    ...lintNetwork(policy.network),
    ...lintFilesystem(policy.filesystem),
    ...lintResources(policy.resources),
    ...lintCredentials(policy),
  ];
}

function lintIsolation({ isolation }: Policy): PolicyWarning[] {
  if (isolationRank[isolation] >= 2) return [];
  const message = `isolation "${isolation}" shares everything with the host: use bubblewrap or stronger`;
  return [{ code: 'isolation_weak', field: 'isolation', message }];
}

function lintNetwork(network: Policy['network']): PolicyWarning[] {
  const field = 'network.egress_allowlist';
  const warnings = network.egress_allowlist.flatMap((entry) => {
    const at = entry.lastIndexOf(':');
    return lintDestination(entry.slice(0, at).toLowerCase(), Number(entry.slice(at + 1)));
  });
  if (network.mode === 'none' && network.egress_allowlist.length > 0)
    warnings.push({ code: 'allowlist_unused', field, message: 'mode none ignores the allowlist' });
  if (network.mode === 'restricted' && network.egress_allowlist.length === 0)
    warnings.push({ code: 'allowlist_empty', field, message: 'nothing is allowed: say mode none' });
  const privateNames = network.private_allow.map(({ name, address }) => ({
    code: 'private_address_allowed',
    field: 'network.private_allow',
    message: `${name} may lead to ${address}, which is not a public address`,
  }));
  return [...warnings, ...privateNames];
}

function lintDestination(host: string, port: number): PolicyWarning[] {
  const field = 'network.egress_allowlist';
  const base = host.startsWith('*.') ? host.slice(2) : undefined;
  const shared = sharedSuffixes.some((suffix) => base === suffix || base?.endsWith(`.${suffix}`));
  const warnings: PolicyWarning[] = [];
  if (
    base !== undefined &&
    (shared || !base.includes('.') || /^(?:com?|org|net|gov|ac|edu)\.[a-z]{2}$/.test(base))
  )
    warnings.push({
      code: 'wildcard_broad',
      field,
      message: `${host} lets anybody be a destination: name the hosts`,
    });
  if (parseAddress(host) !== undefined)
    warnings.push({
      code: 'address_literal',
      field,
      message: `${host} is an address: whoever holds it later is allowed too`,
    });
  if (port === 22 || port === 23 || port === 25 || port === 53 || port === 853)
    warnings.push({
      code: 'port_unusual',
      field,
      message: `port ${port} of ${host} carries traffic that cannot be inspected`,
    });
  return warnings;
}

function lintFilesystem(filesystem: Policy['filesystem']): PolicyWarning[] {
  const warnings: PolicyWarning[] = filesystem.host_mounts.map((entry) => {
    const { path, writable } = parseHostMount(entry);
    const sensitive = path === '/' || sensitiveMounts.some((root) => isWithin(path, root));
    const message = `${path} of the host is ${writable ? 'writable' : 'readable'} inside`;
    return {
      code: sensitive ? 'host_mount_sensitive' : 'host_mount',
      field: 'filesystem.host_mounts',
      message: writable ? `${message}: add ":ro" if reading is enough` : message,
    };
  });
  if (['/', '/tmp', '/home', '/root', '/usr', '/etc'].includes(filesystem.workspace))
    warnings.push({
      code: 'workspace_broad',
      field: 'filesystem.workspace',
      message: `${filesystem.workspace} is shared with others: use a directory of its own`,
    });
  return warnings;
}

function lintResources(resources: Policy['resources']): PolicyWarning[] {
  const warnings: PolicyWarning[] = [];
  const { memoryBytes, cpuCores } = parseLimits(resources);
  const seconds = resources.timeout_seconds;
  if (seconds > timeoutSecondsLong)
    warnings.push({
      code: 'timeout_long',
      field: 'resources.timeout_seconds',
      message: `${seconds} s is more than a day`,
    });
  if (memoryBytes > memoryBytesLarge)
    warnings.push({
      code: 'memory_large',
      field: 'resources.memory_limit',
      message: `${resources.memory_limit} is more than 64Gi`,
    });
  if (memoryBytes < 16 * 1024 ** 2)
    warnings.push({
      code: 'memory_small',
      field: 'resources.memory_limit',
      message: `${memoryBytes} bytes start hardly any program`,
    });
  if (cpuCores === 0)
    warnings.push({
      code: 'cpu_zero',
      field: 'resources.cpu_limit',
      message: 'no processor time at all',
    });
  return warnings;
}

function lintCredentials(policy: Policy): PolicyWarning[] {
  const warnings: PolicyWarning[] = [];
  if (!policy.credentials.secret_scanning)
    warnings.push({
      code: 'scanning_off',
      field: 'credentials.secret_scanning',
      message: 'secrets in output and files are not looked for',
    });
  if (policy.on_recorder_loss === 'continue')
    warnings.push({
      code: 'unwatched_allowed',
      field: 'on_recorder_loss',
      message: 'the sandbox goes on when nobody watches it',
    });
  if (!policy.responses.automatic)
    warnings.push({
      code: 'responses_manual',
      field: 'responses.automatic',
      message: 'nothing is contained without a person',
    });
  return warnings;
}
