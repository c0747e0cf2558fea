/** The constants that `sigkit/syscalls` exports, by their C names: all of them from the C headers. */
import { native } from './native.js'

/** On a platform without the name it is NaN, which no call accepts. */
function constant(name: string): number {
  return native.constants[name] ?? NaN
}

/** `si_code`: sent by kill(2). */
export const SI_USER = constant('SI_USER')
/** `si_code`: sent by the kernel. */
export const SI_KERNEL = constant('SI_KERNEL')
/** `si_code`: sent by sigqueue(3). */
export const SI_QUEUE = constant('SI_QUEUE')
/** `si_code`: a POSIX timer expired. */
export const SI_TIMER = constant('SI_TIMER')
/** `si_code`: a POSIX message queue changed. */
export const SI_MESGQ = constant('SI_MESGQ')
/** `si_code`: asynchronous I/O completed. */
export const SI_ASYNCIO = constant('SI_ASYNCIO')
/** `si_code`: a queued SIGIO. */
export const SI_SIGIO = constant('SI_SIGIO')
/** `si_code`: sent by tkill(2) or tgkill(2). */
export const SI_TKILL = constant('SI_TKILL')
