/** Which JavaScript runtime this is: Bun and Deno call themselves Node too. */

/** @internal */
export const isBun = process.versions['bun'] !== undefined

/** Node itself, and so libuv's functions are there and do their work. @internal */
export const isNode = process.release.name === 'node' && !isBun && process.versions['deno'] === undefined
