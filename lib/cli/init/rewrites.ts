/** `-r FROM:TO`: a signal that is forwarded as another one. */
import { native } from '../../native.js'
import { signalNumber, type Signal } from '../../signals.js'
import { UsageError } from '../usage.js'

const { SIGKILL, SIGSTOP, SIGCHLD } = native.constants

/** A name with or without SIG, in any case, or a number: as kill(1) takes them. */
function parseSignal(text: string): number {
  if (/^\d+$/.test(text)) return Number(text) === 0 ? 0 : signalNumber(Number(text))
  const upper = text.toUpperCase()
  return signalNumber((upper.startsWith('SIG') ? upper : `SIG${upper}`) as Signal)
}

/** What is sent for each signal; 0 for nothing. */
export type Rewrites = ReadonlyMap<number, number>

export function parseRewrites(rules: readonly string[]): Rewrites {
  const rewrites = new Map<number, number>()
  for (const rule of rules) {
    const [from, to, rest] = rule.split(':')
    if (from === undefined || to === undefined || rest !== undefined || from === '' || to === '')
      throw new UsageError(`-r takes FROM:TO, two signals, not '${rule}'`)
    const [source, target] = [from, to].map((text) => {
      try {
        return parseSignal(text)
      } catch (error) {
        throw new UsageError(`-r ${rule}: ${(error as Error).message}`)
      }
    }) as [number, number]
    if (source === 0) throw new UsageError(`-r ${rule}: signal 0 is no signal: FROM cannot be it`)
    if (source === SIGKILL || source === SIGSTOP || source === SIGCHLD)
      throw new UsageError(`-r ${rule}: ${from} is never forwarded, so there is nothing to rewrite`)
    rewrites.set(source, target)
  }
  return rewrites
}
