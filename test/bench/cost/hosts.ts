/** The address of a host, by its number: each of loopback's addresses is a host with a lane of its own. */
export function hostAddress(host: number): string {
  return `127.1.${host >> 8}.${host & 255}`;
}
