// The console as one element: everything that pages share stands around the router.
import { createTheme, MantineProvider } from '@mantine/core';
import type { Problem } from '@sandtrail/console/contract/problem';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { ProblemError } from './api/problem-error.ts';
import { router } from './router.tsx';
import { useTheme } from './state/theme.ts';

const askAgainMax = 2;

/** An answer that was not understood is the same the next time. */
function mayPass({ status, code }: Problem): boolean {
  return status >= 500 && code !== 'CONSOLE_ANSWER';
}

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // What was refused is refused again; what did not answer may answer the next time.
      retry: (count, error) =>
        count < askAgainMax && error instanceof ProblemError && mayPass(error.problem),
      retryDelay: 1000,
      refetchOnWindowFocus: false,
      staleTime: 2000,
    },
  },
});

// A dialog is there at once: what is decided in seconds waits for no animation.
const theme = createTheme({
  components: {
    ModalRoot: { defaultProps: { transitionProps: { duration: 0 } } },
  },
});

/** The whole console. */
export function App() {
  return (
    <MantineProvider
      forceColorScheme={useTheme()}
      theme={theme}
      withCssVariables={false}
      withGlobalClasses={false}
    >
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  );
}
