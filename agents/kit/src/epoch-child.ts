// Takes one epoch after another and prints each: a test's child, which is killed in the midst of it.
import { nextEpoch } from './epoch.ts';

const [, , dir = '', collector = ''] = process.argv;
for (;;) process.stdout.write(`${nextEpoch(dir, collector)}\n`);
