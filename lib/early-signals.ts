/**
 * SIGTERM and SIGINT that came to PID 1 while Node started.
 *
 * Node handles both from early on, once each: the handler resets the terminal, takes itself out (SA_RESETHAND) and
 * raises the signal again. Anywhere else that is the end. PID 1 is immune to what it raises, so there the signal would
 * be lost: `docker stop` just after the start would wait for its SIGKILL. But it leaves a trace: the kernel puts the
 * default action back and keeps the flags of the handler that was there. Whoever else sets the default sets its own.
 */
import { native } from './native.js'

const { SIGTERM = 15, SIGINT = 2 } = native.constants
const SIG_DFL = 0n
const SA_RESETHAND = 0x80000000n

const action = new BigInt64Array(3)

function hasCome(number: number): boolean {
  native.sigaction(number, -1, action)
  const [disposition, flags = 0n] = action
  return disposition === SIG_DFL && (flags & SA_RESETHAND) !== 0n
}

/** Their numbers. To be asked before anything else changes a disposition. @internal */
export function earlySignals(): number[] {
  return process.pid === 1 ? [SIGTERM, SIGINT].filter(hasCome) : []
}
