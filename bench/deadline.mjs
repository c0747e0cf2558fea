/**
 * How late a deadline is: the ns that a process in `while (true) {}` outlives it, as the parent sees it. No package does
 * the same. A thread in C does, but what it ends is small; so beside it, the same Node ended by SIGKILL from outside.
 */
import { execFileSync } from 'node:child_process'
import { compile } from './c-program.mjs'
import { report } from './report.mjs'
import { interleave } from './rounds.mjs'

const MS = 20
const [SIGKILL, SIGTERM] = [9, 15]

const ending = compile('deadline/ending')
const busy = compile('deadline/busy')
const script = `${import.meta.dirname}/deadline/busy.mjs`

/** The sampler of a command that gets a signal and is to end `ms` later. */
function late(ms, signal, ...command) {
  return () => Number(execFileSync(ending, [signal, ...command], { encoding: 'utf8' })) / 1000 - ms * 1000
}

const DEADLINE = 'onSignal, deadline'
const OUTSIDE = 'SIGKILL from outside'
const C = 'a thread in C'
const figures = interleave({
  [DEADLINE]: late(MS, SIGTERM, process.execPath, script, MS),
  [OUTSIDE]: late(0, SIGKILL, process.execPath, script),
  [C]: late(MS, SIGTERM, busy, MS),
})
report(
  `The end of a process that is busy for ever, after a deadline of ${MS} ms`,
  figures,
  [OUTSIDE, C].map((peer) => ({ call: DEADLINE, peer })),
  'us late',
)
