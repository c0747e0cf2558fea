/** `sigkit init` as the job of a shell on a terminal: who is in front, what the keys do, stop and go on. */
import { onTestFinished, describe, expect, test } from 'vitest'
import { initCommand, installed, type InitOptions, type Tool } from './helpers/init.js'
import { plainEnvironment, programPath } from './helpers/fixture.js'
import { Program } from './helpers/program.js'
import { sigqueue } from 'sigkit'

const SIGSTOP = 19
const CTRL_C = '03'
const CTRL_Z = '1a'
const CTRL_BACKSLASH = '1c'

class Shell {
  readonly #program: Program

  constructor(script: string, options: InitOptions = {}, tool: Tool = 'sigkit', behind = false) {
    const job = initCommand(tool, { subreaper: true, ...options }, ['sh', '-c', `ulimit -c 0; ${script}`])
    this.#program = new Program([programPath('terminal'), ...job], {
      env: behind ? { ...plainEnvironment, TERMINAL_BEHIND: '1' } : plainEnvironment,
    })
    onTestFinished(() => this.#program.stop())
  }

  async saw(wanted: Record<string, unknown>): Promise<Record<string, unknown>> {
    for (;;) {
      const line = await this.#program.next(JSON.stringify(wanted))
      if (
        Object.entries(wanted).every(([key, value]) => (value === Number ? key in line : line[key] === value))
      )
        return line
    }
  }

  write(line: string): void {
    this.#program.write(line)
  }

  async foreground(): Promise<Record<string, unknown>> {
    this.write('who')
    return this.saw({ foreground: Number })
  }
}

const tools: Tool[] = ['sigkit', 'tini']

describe.each(tools.filter(installed))('%s', (tool) => {
  test('puts the command in front', async () => {
    const shell = new Shell('echo ready; read x; exit 4', {}, tool)
    await shell.saw({ output: 'ready' })
    const { foreground, job } = await shell.foreground()
    expect(foreground).not.toBe(job)
    shell.write('type 0a')
    await shell.saw({ exited: 4 })
  })

  test.each([
    ['Ctrl-C', CTRL_C, 130],
    ['Ctrl-\\', CTRL_BACKSLASH, 131],
  ])('%s reaches the command', async (_name, key, code) => {
    const shell = new Shell('echo ready; read x', {}, tool)
    await shell.saw({ output: 'ready' })
    shell.write(`type ${key}`)
    await shell.saw({ exited: code })
  })

  test('the command reads from the terminal', async () => {
    const shell = new Shell('read x; echo "got $x"; exit 5', {}, tool)
    shell.write('type 68690a')
    await shell.saw({ output: 'got hi' })
    await shell.saw({ exited: 5 })
  })
})

describe('as no peer does', () => {
  test('Ctrl-Z stops the job, and fg goes on with it in front', async () => {
    const shell = new Shell('echo ready; read x; echo "got $x"; exit 6')
    await shell.saw({ output: 'ready' })
    const before = await shell.foreground()
    shell.write(`type ${CTRL_Z}`)
    await shell.saw({ stopped: SIGSTOP })
    shell.write('fg')
    await shell.saw({ continued: true })
    // The init hands the terminal on when it has got it.
    let now = await shell.foreground()
    while (now.foreground === now.job) now = await shell.foreground()
    expect(now).toEqual(before)
    shell.write('type 68690a')
    await shell.saw({ output: 'got hi' })
    await shell.saw({ exited: 6 })
  })

  test('bg goes on with it behind, where reading stops it again', async () => {
    const shell = new Shell('echo ready; kill -TSTP $$; echo on; read x; exit 7')
    await shell.saw({ output: 'ready' })
    await shell.saw({ stopped: SIGSTOP })
    shell.write('bg')
    await shell.saw({ output: 'on' })
    await shell.saw({ stopped: SIGSTOP })
    shell.write('fg')
    await shell.saw({ continued: true })
    shell.write('type 0a')
    await shell.saw({ exited: 7 })
  })

  test('the terminal is given back in the end', async () => {
    const shell = new Shell('exit 8')
    const { foreground, job } = await shell.saw({ foreground: Number })
    expect(foreground).toBe(job)
    await shell.saw({ exited: 8 })
  })

  test('the terminal is given back when the command cannot be run', async () => {
    const job = initCommand('sigkit', { subreaper: true }, ['./no-such-program'])
    const program = new Program([programPath('terminal'), ...job], { env: plainEnvironment })
    const { lines } = await program.report()
    const [{ foreground, job: group } = {}, ending] = lines.slice(-2) as Record<string, unknown>[]
    expect(ending).toEqual({ exited: 127, signal: 0 })
    expect(foreground).toBe(group)
  })
})

test('started behind it stops with a command that reads, and fg brings both to the front', async () => {
  const shell = new Shell('echo ready; read x; exit 4', {}, 'sigkit', true)
  await shell.saw({ output: 'ready' })
  await shell.saw({ stopped: SIGSTOP })
  shell.write('fg')
  await shell.saw({ continued: true })
  shell.write('type 0a')
  await shell.saw({ exited: 4 })
})

test('a command in front that stops itself takes it along', async () => {
  const shell = new Shell('echo ready; kill -STOP $$; exit 4')
  await shell.saw({ stopped: SIGSTOP })
  shell.write('fg')
  await shell.saw({ exited: 4 })
})

test('what it says from behind a terminal with tostop is said once, and does not hold it up', async () => {
  const script =
    'stty tostop; prlimit --pid $$ --sigpending=0; trap "exit 6" 34; echo ready; while :; do sleep 0.02; done'
  const shell = new Shell(script)
  const { job } = await shell.saw({ job: Number })
  await shell.saw({ output: 'ready' })
  sigqueue(Number(job), 'SIGRTMIN', 5)
  await shell.saw({ exited: 6 })
})
