/** Text of other processes on a terminal, where a name may not move the cursor, forge a line or read backwards. */

/** Controls (C0, DEL, C1), formats such as U+202E, line and paragraph separators, and what stands for a raw byte. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

function escaped(char: string): string {
  const point = char.codePointAt(0) ?? 0
  const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0')
  // A byte that was no UTF-8 is shown as that byte.
  if (point >= 0xdc80 && point <= 0xdcff) return `\\x${hex(point - 0xdc00, 2)}`
  return point <= 0xff ? `\\x${hex(point, 2)}` : `\\u{${hex(point, 4)}}`
}

/**
 * The text with everything that is not plain to see as \xNN or \u{NNNN}.
 * @internal
 */
export function printable(text: string): string {
  return text.replace(UNSAFE, escaped)
}
