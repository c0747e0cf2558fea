/**
 * SIGTERM and SIGINT that came to PID 1 while Node started.
 *
 * Node handles both from early on, once each: the handler resets the terminal, takes itself out (SA_RESETHAND) and
 * raises the signal again. Anywhere else that is the end. PID 1 is immune to what it raises, so there the signal would
 * be lost: `docker stop` just after the start would wait for its SIGKILL. But it leaves a trace: of the two, one is
 * back at its default action while the other still has that handler. Both at the default tell nothing: this may be a
 * Node that was told to leave signals alone.
 */
import { native } from '../../native.js'

const { SIGTERM = 15, SIGINT = 2 } = native.constants
const SIG_DFL = 0n
const HANDLER = 2n
const SA_RESETHAND = 0x80000000n

const action = new BigInt64Array(3)

export function earlySignals(): number[] {
  if (process.pid !== 1) return []
  const state = [SIGTERM, SIGINT].map((number) => {
    native.sigaction(number, -1, action)
    const [disposition, flags = 0n] = action
    const waiting = disposition === HANDLER && (flags & SA_RESETHAND) !== 0n
    return { number, waiting, came: disposition === SIG_DFL }
  })
  return state.some(({ waiting }) => waiting)
    ? state.filter(({ came }) => came).map(({ number }) => number)
    : []
}
