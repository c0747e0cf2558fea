/** Whether a process may dump a core here: the hard limit cannot be raised. */
import { bash } from './shell.js'

export const canDump = bash('ulimit -Hc').trim() !== '0'

/** Said in the name of a test, so that a skip explains itself in the report. */
export const NEEDS_CORE_DUMPS = '[needs core dumps]'

if (!canDump) console.log(`the hard limit of RLIMIT_CORE is 0: skipping what is marked ${NEEDS_CORE_DUMPS}`)
