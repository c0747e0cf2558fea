// PID 1 of a small pid namespace, where a program may choose its next number: a server ends, a stranger gets its pid.
// Started by reuse.mjs.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { liveness, PidFd, ProcessRef, readPidFile, writePidFile } from 'sigkit'
import { start } from './children.mjs'
import { say, show } from './print.mjs'

const PID = 4242

function startAsPid(command, args, announces = true) {
  writeFileSync('/proc/sys/kernel/ns_last_pid', String(PID - 1))
  return start(command, args, { announces })
}

/** Everything that one may hold on a process. */
function holdOn(child, pidFile) {
  writePidFile(pidFile, child)
  return { server: PidFd.open(child), ref: ProcessRef.of(child).toString() }
}

async function play(pidFile) {
  const first = await startAsPid('/bin/sh', ['-c', 'echo ready; read line'])
  if (first.child.pid !== PID) return say(`(pid ${PID} was not to be had here: skipped)`)
  const { server, ref } = holdOn(first.child, pidFile)
  say(`a server runs as pid ${PID}; we keep a handle, a reference and a pid file`)
  say(`the reference is ${ref}`)
  show(`process.kill(${PID}, 'SIGTERM')      // a polite request`, () => process.kill(PID, 'SIGTERM'))
  await first.ended
  say('it obeyed, and is gone. Before anybody looks again, its number is given away:')

  const program = `process.on('SIGTERM', () => console.log('SIGTERM? I have only just come.'))
    setInterval(() => {}, 1e9); console.log('ready')`
  const stranger = await startAsPid(process.execPath, ['-e', program])
  if (stranger.child.pid !== PID) return say(`(pid ${PID} was not to be had twice: skipped)`)
  say(`a stranger is pid ${PID} now\n`)

  show(`server.send('SIGKILL')              // the PidFd`, () => server.send('SIGKILL'))
  show(`PidFd.open(ProcessRef.parse(ref))`, () => PidFd.open(ProcessRef.parse(ref)))
  show(`liveness(readPidFile('server.pid'))`, () => liveness(readPidFile(pidFile)))
  say('not one of them touched the stranger. A bare number does:\n')
  show(`process.kill(${PID}, 'SIGTERM')`, () => process.kill(PID, 'SIGTERM'))
  say(`the stranger says: ${await stranger.nextLine()}`)
  stranger.child.kill('SIGKILL')
  await stranger.ended
}

/** The same with fkill, which asks politely, looks for the number again and again, and then insists. */
async function playWithFkill() {
  const { default: fkill } = await import('fkill').catch(() => ({}))
  if (fkill === undefined) return say('(fkill is not installed: skipped)')
  const obedient = `process.on('SIGTERM', () => setTimeout(() => process.exit(), 200))
    setInterval(() => {}, 1e9); console.log('ready')`
  const server = await startAsPid(process.execPath, ['-e', obedient])
  if (server.child.pid !== PID) return say(`(pid ${PID} was not to be had a third time: skipped)`)
  say(
    `\n     > await fkill(${PID}, { forceAfterTimeout: 1000 })   // another server, which obeys after 200 ms`,
  )
  const killing = fkill(PID, { forceAfterTimeout: 1000 }).then(
    () => 'done, it says',
    (error) => error.message,
  )
  await server.ended
  const stranger = await startAsPid('/bin/sleep', ['1000'], false)
  if (stranger.child.pid !== PID) {
    stranger.child.kill('SIGKILL')
    return say(`(fkill's own processes took the number ${PID} before a stranger could: skipped)`)
  }
  const handle = PidFd.open(stranger.child)
  const outcome = await killing
  // It looks every so often: in the moment when nobody has the number it is content.
  const { signal } = await handle.exited({ timeout: 1000 }).catch(() => ({}))
  if (signal === undefined) {
    stranger.child.kill('SIGKILL')
    return say(`  ${outcome}. This time it looked while nobody had the number, and the stranger was lucky.`)
  }
  say(`  ${outcome}. The stranger who got the number meanwhile ended by ${signal}, and will never know why.`)
}

const folder = mkdtempSync(join(tmpdir(), 'sigkit-tour-'))
try {
  await play(join(folder, 'server.pid'))
  await playWithFkill()
} finally {
  rmSync(folder, { recursive: true })
}
