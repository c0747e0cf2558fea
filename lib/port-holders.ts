/** Who holds a port. */
import { inBackground } from './background.js'
import { native } from './native.js'

/** @internal */
export interface Port {
  readonly port: number
  readonly tcp: boolean
  readonly udp: boolean
}

/**
 * The pids of those, among the given or of all, that hold a socket which listens on the local TCP port or is bound to
 * the local UDP port, as far as their descriptors are shown to us. Or -errno.
 * @internal
 */
export function portHolders(
  { port, tcp, udp }: Port,
  pids: readonly number[] | undefined,
): Promise<number[] | number> {
  const kinds = (tcp ? 1 : 0) | (udp ? 2 : 0)
  const numbers = Int32Array.from(pids ?? [])
  const count = pids === undefined ? -1 : numbers.length
  return inBackground(
    (callback) => native.port_holders(port, kinds, numbers, count, callback),
    (found) => Array.from(new Int32Array(found)),
  )
}
