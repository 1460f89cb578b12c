// The environment of programs of ours that make a sandbox.

/** The system's own folders, and nothing else. */
export const launcherEnvironment = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };
