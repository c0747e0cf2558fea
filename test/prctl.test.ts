/** prctl(2): who adopts orphans, and who dies with its parent, traps included. */
import { isChildSubreaper, liveness, PidFd, setChildSubreaper } from 'sigkit'
import { prctlGetChildSubreaper, prctlSetChildSubreaper, prctlSetPdeathsig } from 'sigkit/syscalls'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Caller } from './helpers/caller.js'
import { within } from './helpers/deadline.js'
import { nodeCommand, programPath } from './helpers/fixture.js'
import { exitInfo, NEEDS_EXIT_INFO } from './helpers/needs.js'
import { inOwnProcess, startOwnProcess, type Body } from './helpers/own-process.js'
import type { Program } from './helpers/program.js'
import { thrown } from './helpers/thrown.js'

describe('child subreaper', () => {
  test('set, asked for, and cleared; both layers see the same', () => {
    onTestFinished(() => {
      prctlSetChildSubreaper(false)
    })
    const seen = [[prctlGetChildSubreaper(), isChildSubreaper()]]
    prctlSetChildSubreaper(true)
    seen.push([prctlGetChildSubreaper(), isChildSubreaper()])
    setChildSubreaper(true)
    seen.push([prctlGetChildSubreaper(), isChildSubreaper()])
    setChildSubreaper(false)
    seen.push([prctlGetChildSubreaper(), isChildSubreaper()])
    expect(seen).toEqual([
      [false, false],
      [true, true],
      [true, true],
      [false, false],
    ])
  })

  test.each([1, 'yes', null, undefined])('%s is neither on nor off', (on) => {
    expect(
      thrown(() => {
        prctlSetChildSubreaper(on as unknown as boolean)
      }).code,
    ).toBe('ERR_INVALID_ARG_TYPE')
    expect(prctlGetChildSubreaper()).toBe(false)
  })

  test('orphans come to it, and without it they go past it', async () => {
    const { parents, me } = await inOwnProcess(async ({ syscalls: s, adopt, readFileSync }) => {
      const parentOf = (pid: number): number =>
        Number(/^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
      const [adopted = 0] = (await adopt(1, 'exit', 7)).pids
      s.prctlSetChildSubreaper(false)
      const [passed = 0] = (await adopt(1, 'exit', 7)).pids
      return { parents: [adopted, passed].map(parentOf), me: process.pid }
    }, null)
    expect(parents[0]).toBe(me)
    expect(parents[1]).not.toBe(me)
  })

  test.each([
    ['exec', 'kept over exec', true],
    ['fork', 'not inherited by children', false],
  ])('%s: %s', async (how, _what, expected) => {
    const caller = await Caller.start({ wrapper: [programPath('subreaper'), how] })
    expect(await caller.call('sigkit/syscalls', 'prctlGetChildSubreaper')).toEqual({ value: expected })
    expect(await caller.call('sigkit', 'isChildSubreaper')).toEqual({ value: expected })
    caller.program.endInput()
    expect(await caller.program.ended()).toEqual({ code: 0, signal: null })
  })
})

interface Parenthood {
  /** Speaks for the child: the parent leaves its input and output to it. */
  program: Program
  child: number
  handle: PidFd
}

/** A process whose child, caller.mjs, reads and writes what the test has of its parent. */
async function parenthood(body: Body<string[], unknown>): Promise<Parenthood> {
  const program = startOwnProcess(body, nodeCommand('caller.mjs'), { stay: true })
  // The parent's own word is its result; that the child is ready may come before it.
  const lines = [await program.next('the child'), await program.next('the parent')]
  const child = Number(lines.map(({ pid }) => pid).find((pid) => typeof pid === 'number'))
  const handle = PidFd.open(child)
  onTestFinished(() => {
    handle.close()
    try {
      process.kill(child, 'SIGKILL')
    } catch {
      // It is gone, as it should be.
    }
  })
  return { program, child, handle }
}

async function call(program: Program, name: string, ...args: unknown[]): Promise<unknown> {
  program.write(JSON.stringify({ module: 'sigkit/syscalls', name, args }))
  return program.next(`the answer to ${name}`)
}

const spawnsIt: Body<string[], unknown> = ({ spawn }, [file = '', ...args]) => {
  const child = spawn(file, args, { stdio: 'inherit' })
  setInterval(() => child.pid, 100_000)
}

const spawnsItInWorker: Body<string[], unknown> = ({ startWorker }, command) => {
  const worker = startWorker(({ data, require }) => {
    const { spawn } = require('node:child_process') as typeof import('node:child_process')
    const [file = '', ...args] = data
    spawn(file, args, { stdio: 'inherit' })
  }, command)
  process.once('SIGUSR2', () => void worker.terminate())
  setInterval(() => undefined, 100_000)
}

const spawnsItBesideWorker: Body<string[], unknown> = ({ spawn, startWorker, say }, [file = '', ...args]) => {
  const worker = startWorker(({ port }) => {
    port.on('message', () => undefined)
  }, null)
  process.once('SIGUSR2', () => {
    void worker.terminate().then(() => {
      say({ terminated: true })
    })
  })
  spawn(file, args, { stdio: 'inherit' })
  setInterval(() => undefined, 100_000)
}

describe('prctlSetPdeathsig', () => {
  test.runIf(exitInfo).each(['SIGTERM', 'SIGKILL', 'SIGRTMIN+3'])(
    `%s when the parent ends ${NEEDS_EXIT_INFO}`,
    async (signal) => {
      const { program, handle } = await parenthood(spawnsIt)
      expect(await call(program, 'prctlSetPdeathsig', signal)).toEqual({ value: null })
      expect(handle.state()).toBe('alive')
      process.kill(program.pid, 'SIGKILL')
      expect(await within(handle.status(), 'the end of the child')).toMatchObject({ code: null, signal })
    },
  )

  test.runIf(exitInfo)(`0 clears it ${NEEDS_EXIT_INFO}`, async () => {
    const { program, handle } = await parenthood(spawnsIt)
    expect(await call(program, 'prctlSetPdeathsig', 'SIGTERM')).toEqual({ value: null })
    expect(await call(program, 'prctlSetPdeathsig', 0)).toEqual({ value: null })
    process.kill(program.pid, 'SIGKILL')
    // Its input ends with the parent that the test sees, and with that it exits by itself.
    expect(await within(handle.status(), 'the end of the child')).toMatchObject({ code: 0, signal: null })
  })

  test('the trap: it comes when the Worker that spawned the child ends, while the process lives', async () => {
    const { program, handle } = await parenthood(spawnsItInWorker)
    expect(await call(program, 'prctlSetPdeathsig', 'SIGTERM')).toEqual({ value: null })
    process.kill(program.pid, 'SIGUSR2')
    expect(await within(handle.exited(), 'the end of the child')).toMatchObject({ signal: 'SIGTERM' })
    expect(liveness(program.pid)).toBe('alive')
  })

  test('not when another Worker ends', async () => {
    const { program, handle } = await parenthood(spawnsItBesideWorker)
    expect(await call(program, 'prctlSetPdeathsig', 'SIGTERM')).toEqual({ value: null })
    process.kill(program.pid, 'SIGUSR2')
    expect(await program.next('the end of the Worker')).toEqual({ terminated: true })
    expect(await call(program, 'prctlGetChildSubreaper')).toEqual({ value: false })
    expect(handle.state()).toBe('alive')
  })

  test('a parent that was gone before says nothing any more: its ppid tells', async () => {
    const { answers, ppid, wrapper, me } = await inOwnProcess(
      async ({ spawn, once, within, programPath, plainEnvironment, readFileSync }, command: string[]) => {
        const parent = spawn(programPath('subreaper'), ['orphan', ...command], {
          stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
          env: plainEnvironment,
        })
        const gone = once(parent, 'exit')
        const { stdout: output } = parent
        if (output === null) throw new Error('no output')
        let text = ''
        const answers: unknown[] = []
        const next = async (): Promise<Record<string, unknown>> => {
          while (!text.includes('\n')) text += String((await within(once(output, 'data'), 'a line'))[0])
          const line = text.slice(0, text.indexOf('\n'))
          text = text.slice(line.length + 1)
          return JSON.parse(line) as Record<string, unknown>
        }
        await within(gone, 'the end of the parent')
        const { pid } = (await next()) as { pid: number }
        const control = parent.stdio[3] as import('node:net').Socket
        const ask = async (name: string, ...args: unknown[]): Promise<void> => {
          control.write(`${JSON.stringify({ module: 'sigkit/syscalls', name, args })}\n`)
          answers.push(await next())
        }
        await ask('prctlSetPdeathsig', 'SIGTERM')
        await ask('prctlGetChildSubreaper')
        const ppid = Number(/^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
        return { answers, ppid, wrapper: parent.pid, me: process.pid }
      },
      nodeCommand('caller.mjs'),
    )
    expect(answers).toEqual([{ value: null }, { value: false }])
    expect(ppid).toBe(me)
    expect(ppid).not.toBe(wrapper)
  })

  test.each([65, -1, 1000])('%i is no signal: EINVAL', (number) => {
    expect(
      thrown(() => {
        prctlSetPdeathsig(number)
      }),
    ).toMatchObject({
      ...{ name: 'SignalError', code: 'EINVAL', errno: -22, syscall: 'prctl', pid: process.pid },
    })
  })

  test.each([
    ['SIGNOPE', 'ERR_UNKNOWN_SIGNAL'],
    [1.5, 'ERR_OUT_OF_RANGE'],
    [null, 'ERR_INVALID_ARG_TYPE'],
  ])('%s', (signal, code) => {
    expect(
      thrown(() => {
        prctlSetPdeathsig(signal as never)
      }).code,
    ).toBe(code)
  })
})
