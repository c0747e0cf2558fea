/** The siginfo of a queued signal, as far as its sender may choose it. */
import { int32, queuedValue } from './arguments.js'
import { SI_QUEUE } from './constants.js'
import { invalidType } from './node-errors.js'

/** What a queued signal carries. */
export interface QueuedInfo {
  /** `si_value`, 64 bits. Default 0. */
  value?: number | bigint | undefined
  /** `si_code`. Default SI_QUEUE. Another process accepts only negative codes but SI_TKILL (EPERM else). */
  code?: number | undefined
}

/** @internal */
export function queuedInfo(info: QueuedInfo): { code: number; value: number | bigint } {
  if (typeof info !== 'object' || (info as unknown) === null) {
    throw invalidType('info', 'an object { value, code }', info)
  }
  const { code, value = 0 } = info
  return {
    code: code === undefined ? SI_QUEUE : int32(code, 'info.code'),
    value: queuedValue(value, 'info.value'),
  }
}
