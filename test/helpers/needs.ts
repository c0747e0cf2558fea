/** What a test needs of the kernel, said in its name, so that a skip explains itself in the report. */
import { features } from 'sigkit'

export const { exitInfo } = features()
export const NEEDS_EXIT_INFO = '[needs PIDFD_INFO_EXIT, Linux 6.15]'

if (!exitInfo) console.log(`no exit info: skipping what is marked ${NEEDS_EXIT_INFO}`)
