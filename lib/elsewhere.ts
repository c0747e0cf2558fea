/**
 * The raw functions on a platform that is not Linux: what `process.kill` can do, and for all else a function
 * that says that it cannot. It has the shape of the native side, so that no file above needs to know.
 */
import { constants as osConstants } from 'node:os'
import type { Native } from './native.js'
import { unavailable } from './node-errors.js'

function kill(pid: number, sig: number): number {
  if (pid === -1) throw unavailable('killAll')
  try {
    process.kill(pid, sig)
    return 0
  } catch (error) {
    const { errno } = error as { errno?: unknown }
    if (typeof errno === 'number' && errno < 0) return errno
    throw error
  }
}

const available: Partial<Native> = {
  constants: osConstants.signals,
  kill,
  killpg: (pgrp, sig) => kill(-pgrp, sig),
}

/** @internal */
export const elsewhere: Native = new Proxy(available, {
  get: (target, name): unknown =>
    typeof name === 'symbol' || name in target
      ? Reflect.get(target, name)
      : () => {
          throw unavailable(name)
        },
}) as Native
