// PID 1 of a small pid namespace, where a program may choose its next number: a server ends, a stranger gets its pid.
// Started by reuse.mjs.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { liveness, PidFd, ProcessRef, readPidFile, writePidFile } from 'sigkit'
import { start } from './children.mjs'
import { say, show } from './print.mjs'

const PID = 4242

function startAsPid(command, args) {
  writeFileSync('/proc/sys/kernel/ns_last_pid', String(PID - 1))
  return start(command, args)
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
  say('not one of them touched the stranger. The same by number, as kill tools do it:\n')

  show(`process.kill(${PID}, 'SIGTERM')`, () => process.kill(PID, 'SIGTERM'))
  say(`the stranger says: ${await stranger.nextLine()}`)
  show(`process.kill(${PID}, 'SIGKILL')      // "it did not end in time"`, () => process.kill(PID, 'SIGKILL'))
  const [, signal] = await stranger.ended
  say(`the stranger ended by ${signal}. Nobody will ever know why.`)
}

const folder = mkdtempSync(join(tmpdir(), 'sigkit-tour-'))
try {
  await play(join(folder, 'server.pid'))
} finally {
  rmSync(folder, { recursive: true })
}
