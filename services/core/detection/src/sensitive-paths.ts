// What a path outside the workspace is worth: somebody's secret, the system's own, or ordinary.

const secret =
  /^\/etc\/(?:g?shadow-?|sudoers(?:\.d(?:\/.*)?)?|ssh(?:\/.*)?|krb5\.keytab|ssl\/private(?:\/.*)?)$|^(?:\/root|\/home\/[^/]+)\/\.(?:ssh|aws|gnupg|kube|docker|azure|config\/(?:gcloud|gh)|netrc|git-credentials|npmrc|pypirc|bash_history|zsh_history)(?:\/|$)|^\/(?:var\/)?run\/secrets(?:\/|$)|^\/proc\/\d+\/(?:environ|mem|maps)$|^\/proc\/kcore$|^\/var\/lib\/(?:docker|kubelet|containerd)(?:\/|$)/;

/** Read by every program that starts: loader, locale, names, certificates, time zone. */
const ordinary =
  /^\/(?:usr|lib|lib32|lib64|libx32|bin|sbin|opt|nix|snap)(?:\/|$)|^\/etc\/(?:ssl|ca-certificates|pki|alternatives|fonts|terminfo|java[^/]*|python[^/]*|perl|ld\.so[^/]*|localtime|timezone|resolv\.conf|hosts|hostname|host\.conf|gai\.conf|nsswitch\.conf|protocols|services|locale[^/]*|inputrc|profile|bash\.bashrc|gitconfig|npmrc|pip\.conf|mime\.types|magic|os-release|debian_version|machine-id|environment|login\.defs|rpc|networks|ethertypes|xdg)(?:\/|$)|^\/dev\/(?:null|zero|full|random|urandom|tty|ptmx|pts|stdin|stdout|stderr|fd|shm)(?:\/|$)|^\/proc\/(?:self|thread-self|cpuinfo|meminfo|stat|uptime|loadavg|mounts|filesystems|version|sys)(?:\/|$)|^\/sys\/(?:devices\/system\/(?:cpu|node)|fs\/cgroup|kernel\/mm)(?:\/|$)/;

/** Which belong to the system: nothing that an agent does needs to write there. */
const system =
  /^\/(?:etc|boot|usr|bin|sbin|lib|lib32|lib64|libx32)(?:\/|$)|^\/var\/(?:spool\/cron|lib\/(?:docker|kubelet|containerd)|log)(?:\/|$)|^(?:\/root|\/home\/[^/]+)\/\.ssh(?:\/|$)/;

/** What reading the path would mean; `path` is absolute and without dots. */
export function secrecyOf(path: string): 'secret' | 'ordinary' | 'sensitive' | 'unknown' {
  if (secret.test(path)) return 'secret';
  if (ordinary.test(path)) return 'ordinary';
  return /^\/(?:etc|root|home|proc|sys|dev|run|var|boot)(?:\/|$)/.test(path)
    ? 'sensitive'
    : 'unknown';
}

/** True when the path belongs to the system, so that writing there is nobody's everyday work. */
export function isSystemFile(path: string): boolean {
  return system.test(path);
}
