/** Text that its owner made of any bytes: a comm, a command line. */
import { isUtf8 } from 'node:buffer'

/**
 * UTF-8; the bytes that are none become lone surrogates, U+DC80 to U+DCFF.
 * @internal
 */
export function textOf(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return isUtf8(buffer) ? buffer.toString() : decoded(buffer)
}

function decoded(bytes: Buffer): string {
  let text = ''
  let at = 0
  while (at < bytes.length) {
    const length = characterLength(bytes.subarray(at, at + 4))
    text +=
      length === 0 ? String.fromCharCode(0xdc00 + (bytes[at] ?? 0)) : bytes.toString('utf8', at, at + length)
    at += Math.max(length, 1)
  }
  return text
}

/** Of the character at the beginning, 0 when it is none. */
function characterLength(bytes: Buffer): number {
  const first = bytes[0] ?? 0
  const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
  return length <= bytes.length && isUtf8(bytes.subarray(0, length)) ? length : 0
}
