// Who is signed in, and what that allows.
import { type Right, rolesOf } from '@sandtrail/console/contract/rights';
import { Session } from '@sandtrail/console/contract/session';
import { useQuery } from '@tanstack/react-query';
import { read } from '../api/ask.ts';

/** The session as the API tells it; asked again each minute, so that a lost role shows. */
export function useSession() {
  return useQuery({
    queryKey: ['session'],
    queryFn: ({ signal }) => read('/session', { answer: Session, signal }),
    refetchInterval: 60_000,
    staleTime: 30_000,
    // Whoever shows the failure asks again; that one more part of the page looks is no reason.
    retryOnMount: false,
  });
}

/** Whether an act is allowed, and if not, in words, what it needs. */
export function useRight(right: Right): { readonly allowed: boolean; readonly why: string } {
  const { data } = useSession();
  const allowed = data?.rights.includes(right) ?? false;
  const role = data === undefined ? 'nobody' : data.role;
  const why = allowed
    ? ''
    : `Needs the right “${right}”, which ${rolesOf[right].join(', ')} have; you are signed in as ${role}.`;
  return { allowed, why };
}
