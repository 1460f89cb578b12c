// An address that leads nowhere.
import { Link } from '@tanstack/react-router';

/** Says so, and where to go on. */
export function NoSuchPage() {
  return (
    <main className="page-main">
      <h1>There is no such page</h1>
      <p>
        The address names no view of this console. <Link to="/live">Go to Live</Link>
      </p>
    </main>
  );
}
