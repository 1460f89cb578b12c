// Process Activity (1007): programs that start, fork, change their user and end.
import { failedWith, type MappersOf, ownFields, statusCode } from './mapped.ts';
import { fileOf, pathRest, processOf } from './objects.ts';

const launchedByExec = { launch_type: 'Exec', launch_type_id: 3 } as const;
const launchedByFork = { launch_type: 'Fork', launch_type_id: 2 } as const;

/** The kinds of this family. */
export const processMappers: MappersOf<
  'process.exec' | 'process.fork' | 'process.exit' | 'process.credentials'
> = {
  'process.exec'(body) {
    const { exe, argv, cwd, errno, ...unmapped } = ownFields(body);
    const commandLine = argv.join(' ');
    return {
      class: 'process_activity',
      activity: 1,
      ...failedWith(errno),
      subject: commandLine === '' ? exe.raw : commandLine,
      fields: {
        ...launchedByExec,
        ...statusCode(errno),
        process: {
          ...processOf(body),
          file: fileOf(exe, 'executable'),
          path: exe.resolved ?? exe.raw,
          cmd_line: commandLine,
          working_directory: cwd,
        },
      },
      // Joined words cannot be told apart again.
      unmapped: { ...unmapped, ...pathRest('exe', exe), argv },
    };
  },
  'process.fork'(body) {
    const { childPid, childStartNs, ...unmapped } = ownFields(body);
    const uid = childStartNs === undefined ? undefined : `${childPid}:${childStartNs}`;
    return {
      class: 'process_activity',
      activity: 1,
      subject: `pid ${childPid}`,
      fields: {
        ...launchedByFork,
        process: { pid: childPid, uid, parent_process: processOf(body) },
      },
      unmapped,
    };
  },
  'process.exit'(body) {
    const { code, ...unmapped } = ownFields(body);
    return {
      class: 'process_activity',
      activity: 2,
      subject: `pid ${body.process?.pid ?? 'unknown'}`,
      fields: { exit_code: code, process: processOf(body) },
      unmapped,
    };
  },
  'process.credentials'(body) {
    const { effectiveUid, ...unmapped } = ownFields(body);
    const user = effectiveUid === undefined ? undefined : { uid: `${effectiveUid}` };
    return {
      class: 'process_activity',
      activity: 5,
      subject: `pid ${body.process?.pid ?? 'unknown'}`,
      fields: { process: { ...processOf(body), ...(user === undefined ? {} : { user }) } },
      unmapped,
    };
  },
};
