// Kernel Activity (1003) and Kernel Extension Activity (1002): system calls that have no kind of their own.
import type { JsonObject } from '../json.ts';
import { type MappersOf, ownFields } from './mapped.ts';
import { fileOf, pathRest } from './objects.ts';

const systemCall = { type: 'System Call', type_id: 2 } as const;
/** init_module(2), finit_module(2), delete_module(2). */
const moduleCalls: Readonly<Record<string, number>> = {
  init_module: 1,
  finit_module: 1,
  delete_module: 2,
};

/** The kinds of this family. */
export const kernelMappers: MappersOf<'syscall'> = {
  syscall(body) {
    const { name, path, result, ...rest } = ownFields(body);
    const hasFailed = result?.startsWith('-') === true;
    const args = body.args.map((each) => `${each.name}=${each.value}`).join(' ');
    const subject = path?.raw ?? `${name} ${args}`.trimEnd();
    const status: JsonObject = hasFailed ? { status_code: result.slice(1) } : {};
    const unmapped = {
      ...rest,
      result,
      ...(path === undefined ? {} : pathRest('path', path)),
    };
    const load = moduleCalls[name];
    if (load !== undefined) {
      const file = fileOf(path ?? { raw: name });
      const fields = { driver: { file }, ...status };
      const own = { ...unmapped, name };
      const about = { activity: load, failed: hasFailed, subject };
      return { class: 'kernel_extension_activity', ...about, fields, unmapped: own };
    }
    return {
      class: 'kernel_activity',
      activity: 4,
      failed: hasFailed,
      subject,
      fields: {
        kernel: { name, ...systemCall, system_call: name, path: path?.resolved ?? path?.raw },
        ...status,
      },
      unmapped,
    };
  },
};
