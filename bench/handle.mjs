/** A handle on a process against the C calls under it, and liveness against the two ways to do without it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { liveness, PidFd } from '../dist/index.mjs'
import { cProgram } from './c-program.mjs'
import { report } from './report.mjs'
import { BATCH, interleave, javascript } from './rounds.mjs'

const { pid } = process
const handle = PidFd.open(pid)
// Without a handle of ours on it: the kernel makes and drops the inode of a pidfd with the first and the last.
const { ppid } = process

const child = spawn('true', { stdio: 'ignore' })
const gone = PidFd.open(child)
await once(child, 'exit')

const figures = interleave(
  {
    'C pidfd_send_signal': cProgram('pidfd-send-loop'),
    'the same, 2 threads': cProgram('pidfd-send-thread-loop'),
    'send(0)': javascript(() => {
      for (let i = 0; i < BATCH; i++) handle.send(0)
    }),
    'trySend(0)': javascript(() => {
      for (let i = 0; i < BATCH; i++) handle.trySend(0)
    }),
    'process.kill(pid, 0)': javascript(() => {
      for (let i = 0; i < BATCH; i++) process.kill(pid, 0)
    }),
    'trySend(0), gone': javascript(() => {
      for (let i = 0; i < BATCH; i++) gone.trySend(0)
    }),
    'send(0), gone, caught': javascript(() => {
      for (let i = 0; i < BATCH; i++) {
        try {
          gone.send(0)
        } catch {
          continue
        }
      }
    }),
    'C pidfd_open, close': cProgram('pidfd-open-loop'),
    'PidFd.open(pid), close': javascript(() => {
      for (let i = 0; i < BATCH; i++) PidFd.open(ppid).close()
    }),
    'liveness(pid)': javascript(() => {
      for (let i = 0; i < BATCH; i++) liveness(ppid)
    }),
    'liveness(handle)': javascript(() => {
      for (let i = 0; i < BATCH; i++) liveness(handle)
    }),
    'read /proc/PID/stat': javascript(() => {
      for (let i = 0; i < BATCH; i++) readFileSync(`/proc/${ppid}/stat`, 'latin1')
    }),
  },
  11,
)

report('A handle', figures, [
  // With a second thread the kernel counts references to the descriptor, and Node always has several.
  { call: 'send(0)', peer: 'the same, 2 threads', atMost: 1.2 },
  { call: 'send(0)', peer: 'C pidfd_send_signal' },
  { call: 'send(0)', peer: 'process.kill(pid, 0)' },
  { call: 'trySend(0)', peer: 'C pidfd_send_signal' },
  { call: 'trySend(0), gone', peer: 'send(0), gone, caught' },
  { call: 'PidFd.open(pid), close', peer: 'C pidfd_open, close' },
  { call: 'liveness(pid)', peer: 'process.kill(pid, 0)' },
  { call: 'liveness(pid)', peer: 'read /proc/PID/stat' },
  { call: 'liveness(handle)', peer: 'process.kill(pid, 0)' },
])
