// Lists beside folders: each file of the folder stands in its list, so that nothing is forgotten.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './source.ts';

/** A folder, and the list that names each of its files. */
const lists: readonly { readonly folder: string; readonly list: string }[] = [
  { folder: 'schemas/events', list: 'schemas/events.ts' },
  {
    folder: 'services/core/detection/src/detectors',
    list: 'services/core/detection/src/detectors.ts',
  },
  { folder: 'services/core/secrets/src/rules', list: 'services/core/secrets/src/rules.ts' },
  { folder: 'services/core/store/src/migrations', list: 'services/core/store/src/migrations.ts' },
  { folder: 'services/forwarder/src/outputs', list: 'services/forwarder/src/outputs.ts' },
  { folder: 'agents/host/src/feeds', list: 'agents/host/src/feeds.ts' },
  { folder: 'agents/sandbox/src/hooks', list: 'agents/sandbox/src/hooks.ts' },
  { folder: 'agents/sandbox/src/feeds', list: 'agents/sandbox/src/feeds.ts' },
  { folder: 'services/cli/src/verbs', list: 'services/cli/src/verbs.ts' },
];

/** Names each file that is missing from its list, and each list that is not there. */
export function checkLists(files: readonly string[]): readonly string[] {
  return lists.flatMap(({ folder, list }) => {
    if (!existsSync(path.join(root, list))) return [`${list}: this list is not there`];
    const text = readFileSync(path.join(root, list), 'utf8');
    return files
      .filter(
        (name) => path.dirname(name) === folder && /^[a-z0-9-]+\.ts$/.test(path.basename(name)),
      )
      .filter((name) => !text.includes(`/${path.basename(name)}'`))
      .map((name) => `${list}: does not name ${path.basename(name)}`);
  });
}
