// PID 1 of a namespace of its own: five orphans end in its care, then it gets a SIGTERM that it has no listener for.
//   init-scene.mjs    without sigkit, unless preloaded with --import sigkit/init
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'

const stateOf = (pid) => {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').pop()[0]
  } catch {
    return 'gone'
  }
}
const others = () => readdirSync('/proc').filter((name) => Number(name) > 1)

// The shell ends at once, and its five children become ours.
const shell = spawn('sh', ['-c', 'for n in 1 2 3 4 5; do (read line) <&3 & done'], {
  stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
})
await new Promise((resolve) => shell.once('exit', resolve))
const orphans = others()
shell.stdio[3].destroy()
while (orphans.some((pid) => !['Z', 'gone'].includes(stateOf(pid)))) await pause(5)
const patience = performance.now() + 1500 // a reaper leaves an unknown zombie to its owner for a second
while (orphans.some((pid) => stateOf(pid) === 'Z') && performance.now() < patience) await pause(20)
const zombies = orphans.filter((pid) => stateOf(pid) === 'Z').length
console.log(`     ${orphans.length} orphans have ended: ${zombies} of them are zombies`)
process.kill(1, 'SIGTERM')
console.log('     SIGTERM did nothing')
process.exit(0)
