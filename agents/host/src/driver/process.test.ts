import { startTestSandbox } from '../sandbox/test-sandbox.ts';
import { driverConformance } from './conformance.ts';
import { createProcessDriver } from './process.ts';

// The cgroup stands around it only as the limit of the fork bomb; the driver does not know of it.
driverConformance({ driver: createProcessDriver(), start: startTestSandbox });
