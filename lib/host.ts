/** What runs this JavaScript, and so how native code reaches its event loop. */
import { native } from './native.js'

/** How native events reach JavaScript: libuv's loop, or a thread of our own where the host has no libuv. */
export type LoopKind = 'uv' | 'thread'

/**
 * SIGKIT_LOOP=thread forces the portable way, so that both can be tested anywhere.
 * @internal
 */
export function loopKind(): LoopKind {
  if (process.env['SIGKIT_LOOP'] === 'thread') return 'thread'
  return native.has_uv() === 1 ? 'uv' : 'thread'
}
