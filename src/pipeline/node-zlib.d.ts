/** What of `node:zlib` (`nodejs_compat`) is used: at once, where a stream takes ten times as long for a body of one event. */
declare module "node:zlib" {
  export function gzipSync(bytes: Uint8Array, options: { readonly level: number }): Uint8Array;
}
