/** waitid(2) on the process of a link, where that is a child. */
import { KERNEL, kernelHas } from './features.js'
import type { Link } from './link.js'
import { native } from './native.js'
import { waitForNews, type ChildNews } from './resource-usage.js'

const { P_PID = 1, P_PIDFD = 3, WNOHANG = 1, __WALL = 0x40000000 } = native.constants

/**
 * The news, undefined for none yet, or -errno: EAGAIN is a pidfd that does not block and has none. By number where there
 * is no waitid(P_PIDFD): a child that is not reaped keeps its number.
 * @internal
 */
export function waitOnLink(link: Link, options: number): ChildNews | undefined | number {
  const flags = options | WNOHANG | __WALL
  return link.fd !== -1 && kernelHas(KERNEL.waitidPidfd)
    ? waitForNews(P_PIDFD, link.fd, flags)
    : waitForNews(P_PID, link.pid, flags)
}
