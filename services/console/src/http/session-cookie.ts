// The session's cookie: out of reach of scripts and of other sites, and gone when the session ends.

interface CookiePlace {
  /** Cookies are not kept apart by port, so the name says whose it is. */
  readonly port: number;
  /** Over TLS: the browser then sends it over nothing else, and no other host can set it. */
  readonly isSecure: boolean;
}

/** What `Set-Cookie` says at sign-in. */
export function sessionCookie(
  id: string,
  place: CookiePlace & { readonly lifeMs: number },
): string {
  return `${cookie(id, place)}; Max-Age=${Math.floor(place.lifeMs / 1000)}`;
}

/** What `Set-Cookie` says at sign-out. */
export function clearedCookie(place: CookiePlace): string {
  return `${cookie('', place)}; Max-Age=0`;
}

/** The session id in a `Cookie` header, if there is one that can be one. */
export function sessionIdIn(header: string | undefined, port: number): string | undefined {
  const names = [nameOf({ port, isSecure: false }), nameOf({ port, isSecure: true })];
  for (const pair of (header ?? '').slice(0, 8192).split(';')) {
    const [name = '', value = ''] = pair.trim().split('=', 2);
    if (names.includes(name) && /^[A-Za-z0-9_-]{43}$/.test(value)) return value;
  }
  return undefined;
}

function cookie(value: string, place: CookiePlace): string {
  const secure = place.isSecure ? '; Secure' : '';
  return `${nameOf(place)}=${value}; Path=/; HttpOnly; SameSite=Strict${secure}`;
}

function nameOf({ port, isSecure }: CookiePlace): string {
  return `${isSecure ? '__Host-' : ''}sandtrail-${port}`;
}
