// What must be so before the first paint and the first schema: a file, since no inline script may run.
{
  const kept = localStorage.getItem('theme');
  const isLight = matchMedia('(prefers-color-scheme: light)').matches;
  const theme = kept ?? (isLight ? 'light' : 'dark');
  document.documentElement.dataset.mantineColorScheme = theme === 'light' ? 'light' : 'dark';
  document.documentElement.dataset.density = localStorage.getItem('density') ?? 'normal';
  // Compiled schemas need `eval`, which the content security policy forbids. A schema looks at this
  // when it is made, and bundles do not keep the order of modules.
  globalThis.__zod_globalConfig = { jitless: true };
}
