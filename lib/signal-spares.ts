/**
 * Watchers of ours that stay behind in libuv, so that a later `process.on` registers libuv's handler again (Anchor in
 * native/core/signal_hub.h). One has done its work when that `process.on` comes, and goes then: with it there, the end of
 * the last listener would not be the default action but a handler that swallows one signal.
 */
import { native } from './native.js'
import { signalInfo } from './signals.js'

/** By every name that `process.on` knows them by. */
const spares = new Map<string | symbol, number>()
let watching = false

// Node's own listener of 'newListener', which starts the watcher, is older and has run.
function onNewListener(name: string | symbol): void {
  const signo = spares.get(name)
  if (signo !== undefined) native.signal_drop_spare(signo)
}

/** @internal */
export function noteSpare(signo: number): void {
  const { name, aliases } = signalInfo(signo)
  for (const known of [name, ...aliases]) if (known !== null) spares.set(known, signo)
  if (watching) return
  watching = true
  process.on('newListener', onNewListener)
}
