/** What /proc says of a process or thread: the signals that the kernel holds for it, and whose it is. */
import { readFileSync } from 'node:fs'

function numbersIn(mask: string): number[] {
  const bits = BigInt(`0x${mask}`)
  return Array.from({ length: 64 }, (_, bit) => bit + 1).filter((number) => (bits >> BigInt(number - 1)) & 1n)
}

function field(path: string, name: string): string {
  const value = new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(readFileSync(path, 'utf8'))?.[1]
  if (value === undefined) throw new Error(`no ${name} in ${path}`)
  return value
}

/** Signals pending for the process as a whole. */
export function pendingForProcess(pid: number): number[] {
  return numbersIn(field(`/proc/${pid}/status`, 'ShdPnd'))
}

/** Signals pending for one thread. */
export function pendingForThread(pid: number, tid = pid): number[] {
  return numbersIn(field(`/proc/${pid}/task/${tid}/status`, 'SigPnd'))
}

export function stateOf(pid: number): string {
  return field(`/proc/${pid}/status`, 'State').slice(0, 1)
}

export function parentOf(pid: number): number {
  return Number(field(`/proc/${pid}/status`, 'PPid'))
}

/** The real one. */
export function uidOf(pid: number): number {
  return parseInt(field(`/proc/${pid}/status`, 'Uid'), 10)
}
