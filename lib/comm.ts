/** The short name of a process, whatever bytes its owner put there. */
import { isUtf8 } from 'node:buffer'
import { native } from './native.js'

const commBytes = new Uint8Array(66)

/**
 * The comm of a process; null where there is none. Read by number: true only if the process is verified afterwards.
 * @internal
 */
export function commOf(pid: number): string | null {
  const length = Number.isNaN(pid) ? -1 : native.proc_comm(pid, commBytes)
  if (length < 0) return null
  const bytes = Buffer.from(commBytes.subarray(0, length))
  return isUtf8(bytes) ? bytes.toString() : decoded(bytes)
}

/** Not UTF-8: the bytes that are none become lone surrogates, U+DC80 to U+DCFF. */
function decoded(bytes: Buffer): string {
  let text = ''
  for (let at = 0; at < bytes.length;) {
    let length = 4
    while (length > 0 && !(at + length <= bytes.length && isCharacter(bytes.subarray(at, at + length))))
      length--
    text +=
      length > 0 ? bytes.toString('utf8', at, at + length) : String.fromCharCode(0xdc00 + (bytes[at] ?? 0))
    at += Math.max(length, 1)
  }
  return text
}

function isCharacter(bytes: Buffer): boolean {
  return isUtf8(bytes) && [...bytes.toString()].length === 1
}
