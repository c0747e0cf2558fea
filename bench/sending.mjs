/** kill and its kin against a C loop, process.kill and an FFI: when it succeeds, and when nobody is there. */
import koffi from 'koffi'
import { kill, tryKill } from '../dist/index.mjs'
import { cProgram } from './c-program.mjs'
import { report } from './report.mjs'
import { BATCH, interleave, javascript } from './rounds.mjs'

const { pid } = process
const absent = 99999999 // beyond the kernel's PID_MAX_LIMIT: nobody can ever have it
const ffiKill = koffi.load(null).func('int kill(int pid, int sig)')

const figures = interleave({
  'C loop': cProgram('kill-loop'),
  'kill(pid, 0)': javascript(() => {
    for (let i = 0; i < BATCH; i++) kill(pid, 0)
  }),
  'process.kill(pid, 0)': javascript(() => {
    for (let i = 0; i < BATCH; i++) process.kill(pid, 0)
  }),
  'tryKill(pid, 0)': javascript(() => {
    for (let i = 0; i < BATCH; i++) tryKill(pid, 0)
  }),
  'koffi kill(pid, 0)': javascript(() => {
    for (let i = 0; i < BATCH; i++) ffiKill(pid, 0)
  }),
  'tryKill, absent pid': javascript(() => {
    for (let i = 0; i < BATCH; i++) tryKill(absent, 0)
  }),
  'kill, absent pid, caught': javascript(() => {
    for (let i = 0; i < BATCH; i++) {
      try {
        kill(absent, 0)
      } catch {
        continue
      }
    }
  }),
  'process.kill, absent pid, caught': javascript(() => {
    for (let i = 0; i < BATCH; i++) {
      try {
        process.kill(absent, 0)
      } catch {
        continue
      }
    }
  }),
})

report('Sending', figures, [
  { call: 'kill(pid, 0)', peer: 'C loop', atMost: 1.15 },
  { call: 'kill(pid, 0)', peer: 'process.kill(pid, 0)', below: 0.95 },
  { call: 'tryKill(pid, 0)', peer: 'C loop' },
  { call: 'process.kill(pid, 0)', peer: 'C loop' },
  { call: 'koffi kill(pid, 0)', peer: 'C loop' },
  { call: 'tryKill, absent pid', peer: 'process.kill, absent pid, caught', timesFaster: 10 },
  { call: 'kill, absent pid, caught', peer: 'process.kill, absent pid, caught', atMost: 1.1 },
])
