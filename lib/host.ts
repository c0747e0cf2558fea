/** What runs this JavaScript, and so how native code reaches its event loop. */
import { native } from './native.js'

/** How native events reach JavaScript: libuv's loop, or a thread of our own where the host has no libuv. */
export type LoopKind = 'uv' | 'thread'

/**
 * libuv is used where Node is the host and nothing else: Bun and Deno call themselves Node too, have some of the
 * functions, and abort in them. SIGKIT_LOOP=thread forces the portable way, so that both can be tested anywhere.
 * @internal
 */
export function loopKind(): LoopKind {
  const { versions, release, env } = process
  if (env['SIGKIT_LOOP'] === 'thread' || release.name !== 'node') return 'thread'
  if (versions['bun'] !== undefined || versions['deno'] !== undefined) return 'thread'
  return native.has_uv() === 1 ? 'uv' : 'thread'
}
