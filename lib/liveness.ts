/** Is it alive: one right answer. */
import { isErrno, NoSuchProcessError } from './errors.js'
import type { ProcessState } from './link.js'
import { closedHandle } from './node-errors.js'
import { openLink } from './open-link.js'
import { resolveTarget, type Target } from './target.js'

/**
 * Whether a process lives: `alive`, `zombie` (ended, its parent has not reaped it), `gone`, or `reused` (the number of
 * a ProcessRef belongs to somebody else now).
 *
 * Permission never confuses it: a process that one may not signal is alive. A process whose main thread has ended while
 * others run is alive. A thread id is no process: `gone`.
 *
 * @param target a pid, a ChildProcess, a PidFd or a ProcessRef
 * @throws ResourceLimitError EMFILE, ENFILE: no descriptor left to look with
 * @throws PermissionDeniedError EACCES: a reference by start time, which /proc hides (hidepid): it may be another process
 * @throws TypeError, RangeError for a bad target; code `ERR_PIDFD_CLOSED` for a closed PidFd
 *
 * Linux 5.3; below that /proc/PID/stat. Source: `man 2 pidfd_open`.
 *
 * @example
 * if (liveness(readPidFile('/run/app.pid')) === 'alive') throw new Error('already running')
 */
export function liveness(target: Target): ProcessState | 'reused' {
  let reference = false
  try {
    const resolved = resolveTarget(target, liveness)
    reference = resolved.kind === 'reference'
    if (resolved.kind === 'link') {
      if (resolved.link.closed) throw closedHandle()
      return resolved.link.state()
    }
    const link = openLink(target, false, liveness)
    try {
      return link.state()
    } finally {
      link.close()
    }
  } catch (error) {
    // /proc hides its start time, and there are no pidfds: that it is there is what was asked.
    if (isErrno(error, 'EACCES') && !reference) return 'alive'
    if (!isErrno(error, 'ESRCH')) throw error
    return reference && error instanceof NoSuchProcessError && error.reused ? 'reused' : 'gone'
  }
}
