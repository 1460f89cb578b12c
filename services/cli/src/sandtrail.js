#!/usr/bin/env node
// The command's entry: plain JavaScript, so that an old Node can say what is wrong with itself.
import module from 'node:module';

const majorWanted = 24;

if (Number(process.versions.node.split('.')[0]) < majorWanted) {
  process.stderr.write(
    [
      `sandtrail: needs Node ${majorWanted}, and this is Node ${process.versions.node}.`,
      '  code:   NODE_VERSION',
      '  remedy: run it as `npx sandtrail …` or `npm run sandtrail -- …`: both use the pinned Node.',
      '',
    ].join('\n'),
  );
  process.exit(69);
}
// Halves the start. The cache lies beside the code, where only the code's owner can write.
const cache = new URL('../../../node_modules/.cache/sandtrail', import.meta.url);
module.enableCompileCache(cache.pathname);
await import('./main.ts');
