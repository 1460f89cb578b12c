import { systemClock } from '@sandtrail/runtime/clock';
import { startTestSandbox } from '../sandbox/test-sandbox.ts';
import { createCgroupDriver } from './cgroup.ts';
import { driverConformance } from './conformance.ts';

driverConformance({ driver: createCgroupDriver({ clock: systemClock }), start: startTestSandbox });
