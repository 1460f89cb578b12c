// Under which users the processes run: as root each role has its own; without root, all are one.

/** A user and group id to run a process as. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** The accounts of the embedded product. `separated` is said plainly by `doctor` and `verify`. */
export interface Accounts {
  readonly core: Account;
  readonly signer: Account;
  readonly separated: boolean;
}

/**
 * Numeric ids without names, so that nothing is written to the system's user database. They lie
 * above systemd's dynamic users (61184–65519) and below its container ranges (from 524288).
 */
const coreId = 417_001;
const signerId = 417_002;

/** The accounts for a start by user `uid` with group `gid`. */
export function chooseAccounts({ uid, gid }: Account): Accounts {
  if (uid !== 0) return { core: { uid, gid }, signer: { uid, gid }, separated: false };
  return {
    core: { uid: coreId, gid: coreId },
    signer: { uid: signerId, gid: signerId },
    separated: true,
  };
}
