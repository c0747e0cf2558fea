/** What a call throws, with the fields that this package's errors have. */
export interface Thrown extends Error {
  code?: string
  errno?: number
  syscall?: string
  pid?: number
  signal?: string
  info?: { pgid?: number; tid?: number }
}

export function thrown(call: () => unknown): Thrown {
  let result: unknown
  try {
    result = call()
  } catch (error) {
    if (error instanceof Error) return error
    throw new Error(`threw what is no error: ${String(error)}`)
  }
  throw new Error(`nothing was thrown; it returned ${String(result)}`)
}
