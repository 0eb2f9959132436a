/** How this command is called: npm scripts and npx set a variable, and then `urldrop` alone is not on the PATH. */
export function invokedAs(env: Readonly<Record<string, string | undefined>> = process.env): string {
  return env['npm_command'] === undefined ? 'urldrop' : 'npx urldrop';
}
