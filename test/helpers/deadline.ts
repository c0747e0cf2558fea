/** A wait that cannot hang in silence: when it takes too long, the message says what did not happen. */
export async function within<T>(promise: Promise<T>, what: string, milliseconds = 90_000): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`waited ${milliseconds} ms for ${what}`))
    }, milliseconds)
  })
  try {
    return await Promise.race([promise, deadline])
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Waits without giving the event loop a turn, so that neither libuv nor Node learns what happened meanwhile.
 */
export function blockUntil(condition: () => boolean, what: string, milliseconds = 90_000): void {
  const end = performance.now() + milliseconds
  while (!condition()) {
    if (performance.now() > end) throw new Error(`blocked ${milliseconds} ms for ${what}`)
  }
}
