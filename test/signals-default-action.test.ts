/** The table's default actions, against the kernel: each signal is delivered to a real child that did nothing about it. */
import { kill, signals } from 'sigkit'
import * as syscalls from 'sigkit/syscalls'
import { describe, expect, test } from 'vitest'
import { canDump, NEEDS_CORE_DUMPS } from './helpers/core-dumps.js'
import { startProgram } from './helpers/fixture.js'
import type { Program } from './helpers/program.js'
import { stateOf } from './helpers/process-status.js'

interface Change {
  exited: boolean
  killed: number
  core: boolean
  stopped: number
  continued: boolean
}

const SIGSTOP = 19
const nothing: Change = { exited: false, killed: 0, core: false, stopped: 0, continued: false }

async function child(program: Program): Promise<number> {
  program.write('spawn')
  return (await program.next<{ pid: number }>('a child')).pid
}

async function ask(program: Program, command: string): Promise<Change> {
  program.write(command)
  return program.next<Change>(`the answer to ${command}`)
}

async function start(): Promise<Program> {
  const program = startProgram('default-action')
  await program.next('ready')
  return program
}

describe.each(signals.map((info) => [info.number, info.name ?? 'reserved', info.defaultAction] as const))(
  'signal %i %s',
  (number, _name, action) => {
    const dumps = action === 'core'
    const send = number === 32 || number === 33 ? syscalls.kill : kill
    const needs = dumps ? ` ${NEEDS_CORE_DUMPS}` : ''

    test.skipIf(dumps && !canDump)(`does what the table says: ${action}${needs}`, async () => {
      const program = await start()
      const pid = await child(program)
      if (action === 'terminate' || action === 'core') {
        send(pid, number)
        expect(await ask(program, 'wait')).toEqual({ ...nothing, killed: number, core: dumps })
        return
      }
      if (action === 'stop') {
        send(pid, number)
        expect(await ask(program, 'wait')).toEqual({ ...nothing, stopped: number })
        expect(stateOf(pid)).toBe('T')
      } else if (action === 'continue') {
        send(pid, SIGSTOP)
        expect(await ask(program, 'wait')).toEqual({ ...nothing, stopped: SIGSTOP })
        send(pid, number)
        expect(await ask(program, 'wait')).toEqual({ ...nothing, continued: true })
        expect(await ask(program, 'ping')).toEqual({ alive: true })
      } else {
        send(pid, number)
        expect(await ask(program, 'ping')).toEqual({ alive: true })
        send(pid, SIGSTOP) // it ran on, was neither stopped nor ended: its first change of state is this one
        expect(await ask(program, 'wait')).toEqual({ ...nothing, stopped: SIGSTOP })
      }
      expect(await ask(program, 'kill')).toEqual({ gone: true })
    })
  },
)
