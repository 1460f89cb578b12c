// The OCSF 1.8 classes that Sandtrail's events become: names and activities as the schema has them.

/** One class: its number, its category's number, and its captions. */
export interface OcsfClass {
  readonly uid: number;
  readonly name: string;
  readonly categoryUid: number;
  readonly categoryName: string;
  readonly activities: Readonly<Record<number, string>>;
}

const system = { categoryUid: 1, categoryName: 'System Activity' } as const;
const network = { categoryUid: 4, categoryName: 'Network Activity' } as const;
const application = { categoryUid: 6, categoryName: 'Application Activity' } as const;
const remediation = { categoryUid: 7, categoryName: 'Remediation' } as const;
const remedies = { 1: 'Isolate', 2: 'Evict', 3: 'Restore', 4: 'Harden', 5: 'Detect' } as const;

/** The version of the schema, as `metadata.version` has it. */
export const ocsfVersion = '1.8.0';

/** The number of an activity that the schema has no name for; the event names it itself. */
export const otherActivity = 99;

/** The classes by their names in the schema. */
export const classes = {
  base_event: {
    ...{ uid: 0, name: 'Base Event', categoryUid: 0, categoryName: 'Uncategorized' },
    activities: {},
  },
  file_activity: {
    ...{ uid: 1001, name: 'File System Activity', ...system },
    activities: {
      ...{ 1: 'Create', 3: 'Update', 4: 'Delete', 5: 'Rename', 6: 'Set Attributes', 14: 'Open' },
    },
  },
  kernel_extension_activity: {
    ...{ uid: 1002, name: 'Kernel Extension Activity', ...system },
    activities: { 1: 'Load', 2: 'Unload' },
  },
  kernel_activity: {
    ...{ uid: 1003, name: 'Kernel Activity', ...system },
    activities: { 4: 'Invoke' },
  },
  process_activity: {
    ...{ uid: 1007, name: 'Process Activity', ...system },
    activities: { 1: 'Launch', 2: 'Terminate', 5: 'Set User ID' },
  },
  detection_finding: {
    ...{ uid: 2004, name: 'Detection Finding', categoryUid: 2, categoryName: 'Findings' },
    activities: { 1: 'Create' },
  },
  incident_finding: {
    ...{ uid: 2005, name: 'Incident Finding', categoryUid: 2, categoryName: 'Findings' },
    activities: { 2: 'Update', 3: 'Close' },
  },
  authentication: {
    ...{ uid: 3002, name: 'Authentication', categoryUid: 3 },
    categoryName: 'Identity & Access Management',
    activities: { 1: 'Logon', 2: 'Logoff' },
  },
  network_activity: {
    ...{ uid: 4001, name: 'Network Activity', ...network },
    activities: { 1: 'Open', 4: 'Fail', 5: 'Refuse', 6: 'Traffic', 7: 'Listen' },
  },
  http_activity: {
    ...{ uid: 4002, name: 'HTTP Activity', ...network },
    activities: {
      ...{ 1: 'Connect', 2: 'Delete', 3: 'Get', 4: 'Head', 5: 'Options' },
      ...{ 6: 'Post', 7: 'Put', 8: 'Trace', 9: 'Patch' },
    },
  },
  dns_activity: {
    ...{ uid: 4003, name: 'DNS Activity', ...network },
    activities: { 1: 'Query', 2: 'Response' },
  },
  application_lifecycle: {
    ...{ uid: 6002, name: 'Application Lifecycle', ...application },
    activities: { 1: 'Install', 2: 'Remove', 3: 'Start', 4: 'Stop', 6: 'Enable', 7: 'Disable' },
  },
  api_activity: {
    ...{ uid: 6003, name: 'API Activity', ...application },
    activities: { 1: 'Create', 2: 'Read', 3: 'Update', 4: 'Delete' },
  },
  process_remediation_activity: {
    ...{ uid: 7003, name: 'Process Remediation Activity', ...remediation },
    activities: remedies,
  },
  network_remediation_activity: {
    ...{ uid: 7004, name: 'Network Remediation Activity', ...remediation },
    activities: remedies,
  },
} as const satisfies Readonly<Record<string, OcsfClass>>;

/** A class's name in the schema. */
export type ClassName = keyof typeof classes;
