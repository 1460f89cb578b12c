// The environment of the command: nothing of the runner's own, and where the ways out are.
import { proxyPort } from './edge.ts';

interface EnvironmentOptions {
  readonly home: string;
  readonly network: boolean;
  readonly eventSocket: string | undefined;
  /** Harmless words of the user's own, such as TERM and LANG. */
  readonly extra: Readonly<Record<string, string>>;
}

/** The whole environment. */
export function sandboxEnvironment(options: EnvironmentOptions): Readonly<Record<string, string>> {
  const { home, network, eventSocket, extra } = options;
  const proxy = `http://127.0.0.1:${proxyPort}`;
  const proxies = { http_proxy: proxy, https_proxy: proxy, HTTP_PROXY: proxy, HTTPS_PROXY: proxy };
  return {
    LANG: 'C.UTF-8',
    ...extra,
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: home,
    USER: 'agent',
    ...(network ? { ...proxies, no_proxy: '', NO_PROXY: '' } : {}),
    ...(eventSocket === undefined ? {} : { SANDTRAIL_SOCKET: eventSocket }),
  };
}
