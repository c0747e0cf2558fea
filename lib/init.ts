/**
 * A preload: `node --import sigkit/init app.js` (or `--require`). It makes Node a correct PID 1, and a correct subreaper.
 *
 * - As PID 1, or as a child subreaper, which it may be already or become by `setChildSubreaper(true)`: orphans that come
 *   to it are reaped, as `startReaper()` does it; Node's own children and their 'exit' events are untouched.
 * - As PID 1: SIGTERM, SIGINT and SIGHUP that the application has no listener for (`process.on` or `onSignal`, in any
 *   thread) end the process with 128 + n, also while JavaScript blocks the loop, and also a SIGTERM or SIGINT that came
 *   while Node started. The kernel would drop them.
 * - Anywhere else, in Workers and off Linux it changes nothing.
 *
 * Where orphans cannot be reaped (no /proc, or a kernel without CONFIG_PROC_CHILDREN) the process runs on with a warning
 * whose code is `SIGKIT_INIT`.
 *
 * Source: `man 7 pid_namespaces`, `man 2 prctl`.
 *
 * @example
 * // In a Dockerfile: CMD ["node", "--import", "sigkit/init", "app.js"]
 * import 'sigkit/init'
 */
import { isMainThread } from 'node:worker_threads'
import { earlySignals } from './early-signals.js'
import { systemError, UnsupportedError } from './errors.js'
import { native, sharedByAddon, supported } from './native.js'
import { startReaper, whenBecomingSubreaper } from './reaper.js'
import { signalNumber, type SignalName } from './signals.js'
import { prctlGetChildSubreaper } from './wait-syscalls.js'

/** What an operator ends a container with; everything else keeps what the kernel does for PID 1. */
const ending: readonly SignalName[] = ['SIGTERM', 'SIGINT', 'SIGHUP']

function endByDefault(name: SignalName): void {
  const number = signalNumber(name)
  const result = native.default_as_init(number)
  if (result < 0) throw systemError('sigaction', result, { signal: number })
}

/**
 * Node registers a listener's signal with libuv, which replaces what is installed, and sets SIG_DFL when the last one
 * goes: Node's own hook, older than this one, has done so by then. A listener that stays, or an `onSignal`, is a handler,
 * and a handler is left alone.
 */
function watchListeners(): void {
  process.on('removeListener', (event) => {
    const name = ending.find((one) => one === event)
    if (name !== undefined && process.listenerCount(name) === 0) endByDefault(name)
  })
}

function reapOrphans(): void {
  try {
    startReaper({ onReap: () => undefined }) // nobody iterates: nothing is to be kept
  } catch (error) {
    if (!(error instanceof UnsupportedError)) throw error
    process.emitWarning(`orphans are not reaped: ${error.message}`, { code: 'SIGKIT_INIT' })
  }
}

function begin(): void {
  const isInit = process.pid === 1
  if (isInit) {
    const [early] = earlySignals()
    if (early !== undefined) process.exit(128 + early)
    for (const name of ending) endByDefault(name)
    watchListeners()
  }
  if (isInit || prctlGetChildSubreaper()) reapOrphans()
  else whenBecomingSubreaper(reapOrphans)
}

const state = sharedByAddon('init', () => ({ begun: false }))

if (supported && isMainThread && !state.begun) {
  state.begun = true
  begin()
}
