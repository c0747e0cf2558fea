/** What a test needs of the kernel, said in its name, so that a skip explains itself in the report. */
import { features } from 'sigkit'

export const { exitInfo } = features()
export const NEEDS_EXIT_INFO = '[needs PIDFD_INFO_EXIT, Linux 6.15]'

if (!exitInfo) console.log(`no exit info: skipping what is marked ${NEEDS_EXIT_INFO}`)

/**
 * ThreadSanitizer holds signals back until the program is at a safe place, and of each number only one; a thread of its
 * own wakes ten times a second.
 */
export const signalsHeldBack = (process.env.LD_PRELOAD ?? '').includes('libtsan')
export const NEEDS_REAL_SIGNALS = '[needs a process without ThreadSanitizer]'

if (signalsHeldBack)
  console.log(`ThreadSanitizer merges signals: skipping what is marked ${NEEDS_REAL_SIGNALS}`)
