/** The name of a terminal by its device number, as ps shows it. */
import { readlinkSync } from 'node:fs'
import { basename } from 'node:path'

/** Of those that only the running kernel can tell: hvc0, ttyUSB0. A number keeps its name while the kernel runs. */
const others = new Map<number, string | undefined>()

function otherName(device: number, major: number, minor: number): string | undefined {
  if (!others.has(device)) {
    let name: string | undefined
    try {
      name = basename(readlinkSync(`/sys/dev/char/${major}:${minor}`))
    } catch {
      return undefined // No sysfs here, or none for this one: it may come.
    }
    others.set(device, name)
  }
  return others.get(device)
}

/**
 * @param device tty_nr of /proc/PID/stat: the minor number in bits 31 to 20 and 7 to 0, the major one between
 * @returns null for none, undefined where its name cannot be told
 * @internal
 */
export function terminalName(device: number): string | null | undefined {
  if (device === 0) return null
  const major = (device >>> 8) & 0xfff
  const minor = (device & 0xff) | ((device >>> 12) & 0xfff00)
  // Documentation/admin-guide/devices.txt
  if (major >= 136 && major <= 143) return `pts/${minor + (major - 136) * 256}`
  if (major === 4) return minor < 64 ? `tty${minor}` : `ttyS${minor - 64}`
  if (major === 5 && minor === 1) return 'console'
  return otherName(device, major, minor)
}
