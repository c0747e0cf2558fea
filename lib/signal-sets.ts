/** Sets of signals: 64 bits in native code (signal n is bit n - 1), names in JavaScript. */
import { invalidType } from './node-errors.js'
import { nameIfAny, signalNumber, type Signal, type SignalName } from './signals.js'

/** @internal */
export function bitsOf(signals: readonly Signal[]): bigint {
  if (!Array.isArray(signals)) throw invalidType('signals', 'an array of signals', signals)
  let bits = 0n
  for (const signal of signals as readonly Signal[]) {
    bits |= 1n << BigInt(signalNumber(signal) - 1)
  }
  return BigInt.asIntN(64, bits)
}

/** @internal */
export function namesOf(bits: bigint): SignalName[] {
  const names: SignalName[] = []
  for (let number = 1; number <= 64; number++) {
    const name = (bits >> BigInt(number - 1)) & 1n ? nameIfAny(number) : undefined
    if (name !== undefined) names.push(name)
  }
  return names
}

/** By what is in the set. Most processes of a machine share a few. */
const namesOfHalf = new Map<number, readonly SignalName[]>()

function half(word: number, first: number): readonly SignalName[] {
  if (word === 0) return []
  const key = first === 1 ? word : -word
  let names = namesOfHalf.get(key)
  if (names === undefined) {
    names = namesOf(BigInt(word) << BigInt(first - 1))
    if (namesOfHalf.size < 1024) namesOfHalf.set(key, names)
  }
  return names
}

/**
 * {@link namesOf} for many sets: the 64 bits as two unsigned words.
 * @internal
 */
export function namesOfWords(low: number, high: number): SignalName[] {
  return [...half(low, 1), ...half(high, 33)]
}
