/** The preload sigkit/init: Node as a real PID 1, beside plain Node. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { packageRoot } from './helpers/addon.js'
import { fixturePath, plainEnvironment, programPath } from './helpers/fixture.js'
import { type Body, resultOf, startOwnProcess } from './helpers/own-process.js'
import { canNamespace, inNamespace, NEEDS_NAMESPACE } from './helpers/privilege.js'
import { Program } from './helpers/program.js'
import { temporaryDirectory } from './helpers/temporary-directory.js'

const preload = ['--import', 'sigkit/init']

/** The function, in a Node that is PID 1 and would stay for ever. */
function startInit(body: Body<null, unknown>, flags: readonly string[] = preload): Program {
  return startOwnProcess(body, null, { wrapper: inNamespace, flags, cwd: packageRoot, stay: 'forever' })
}

async function endOf(body: Body<null, unknown>, flags?: readonly string[]): Promise<unknown> {
  const { lines, ending } = await startInit(body, flags).report()
  const said = lines.filter((line) => (line as { result?: unknown }).result !== null)
  return { said, ...ending }
}

/** Plain Node, without anything of ours in it: five orphans that end, SIGTERM; what it makes of them, as JSON. */
const baseline = `
  const { spawn } = require('node:child_process')
  const { readdirSync, readFileSync } = require('node:fs')
  const states = () => readdirSync('/proc').filter((name) => /^\\d+$/.test(name) && name !== '1')
    .map((pid) => { try { return readFileSync('/proc/' + pid + '/stat', 'utf8').split(') ')[1][0] } catch { return 'gone' } })
  setInterval(() => {}, 1 << 30)
  const parent = spawn('sh', ['-c', 'for n in 1 2 3 4 5; do (read line; exit 3) <&3 & done'], { stdio: ['ignore', 'ignore', 'inherit', 'pipe'] })
  parent.on('exit', () => {
    parent.stdio[3].destroy()
    const look = () => {
      const zombies = states().filter((state) => state === 'Z').length
      if (zombies < 5 && states().length > 0) return setTimeout(look, 5)
      process.kill(1, 'SIGTERM')
      console.log(JSON.stringify({ zombies, survived: 'SIGTERM' }))
    }
    look()
  })`

describe.runIf(canNamespace)(`as PID 1 ${NEEDS_NAMESPACE}`, () => {
  test('the baseline: plain Node leaves five of five zombies and ignores SIGTERM', async () => {
    const node = new Program([...inNamespace, process.execPath, '-e', baseline], { env: plainEnvironment })
    expect(await node.next('what plain Node does')).toEqual({ zombies: 5, survived: 'SIGTERM' })
  })

  test('orphans are reaped, and the children of child_process keep their exits', async () => {
    const program = startInit(async ({ adopt, until, stateOf, spawn, once, programPath, within }) => {
      const { pids, end } = await adopt(5, 'exit', 3)
      const own = spawn(programPath('ends'), ['exit', '7'], { stdio: ['pipe', 'ignore', 'inherit'] })
      const exit = within(once(own, 'exit'), "the child's 'exit'")
      end()
      own.stdin.end()
      await until(() => pids.every((pid) => stateOf(pid) === 'gone'), 'the orphans to be reaped')
      return { orphans: pids.length, own: (await exit)[0] as number }
    })
    expect(await resultOf(program)).toEqual({ orphans: 5, own: 7 })
  })

  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
    ['SIGHUP', 129],
  ] as const)('%s without a listener ends it with %i', async (signal, code) => {
    const program = startInit(({ say }) => {
      say('ready')
    })
    await program.next('ready')
    const [child] = readFileSync(`/proc/${program.pid}/task/${program.pid}/children`, 'utf8').split(' ')
    process.kill(Number(child), signal)
    expect(await program.ended()).toEqual({ code, signal: null })
  })

  test('also while JavaScript blocks the loop', async () => {
    const ended = endOf(({ spawn }) => {
      spawn('sh', ['-c', 'kill -TERM 1'])
      for (;;);
    })
    expect(await ended).toEqual({ said: [], code: 143, signal: null })
  })

  test('what else would end it is dropped by the kernel, as ever', async () => {
    const ended = endOf(({ say }) => {
      for (const signal of ['SIGUSR2', 'SIGALRM', 'SIGQUIT'] as const) process.kill(1, signal)
      say('here')
      process.kill(1, 'SIGTERM')
    })
    expect(await ended).toEqual({ said: ['here'], code: 143, signal: null })
  })

  /** Who listens to SIGTERM and who leaves, step by step; each `hear` is one SIGTERM that a listener gets. */
  const listening: Body<string, unknown> = async ({ sigkit, startWorker, until, once, say }, steps) => {
    let heard = 0
    const listener = (): void => {
      heard++
    }
    const other = (): void => {
      listener()
    }
    let subscription: { close(): void } | undefined
    let ignoring: Disposable | undefined
    let worker: ReturnType<typeof startWorker> | undefined
    const terminate = (): void => {
      process.kill(1, 'SIGTERM')
    }
    const perform: Record<string, () => unknown> = {
      on: () => process.on('SIGTERM', listener),
      off: () => process.removeListener('SIGTERM', listener),
      once: () => process.once('SIGTERM', listener),
      other: () => process.on('SIGTERM', other),
      otherOff: () => process.removeListener('SIGTERM', other),
      offAll: () => process.removeAllListeners('SIGTERM'),
      reset: () => process.removeAllListeners(),
      interrupt: () => process.on('SIGINT', other),
      sub: () => (subscription = sigkit.onSignal('SIGTERM', listener)),
      close: () => subscription?.close(),
      ignore: () => (ignoring = sigkit.setDisposition('SIGTERM', 'ignore')),
      restore: () => ignoring?.[Symbol.dispose](),
      survive: terminate,
      worker: async () => {
        worker = startWorker(({ sigkit, port }) => {
          sigkit.onSignal('SIGTERM', () => {
            port.postMessage('heard')
          })
          port.on('message', () => undefined)
          port.postMessage('ready')
        }, null)
        await once(worker, 'message')
        worker.on('message', listener)
      },
      end: () => worker?.terminate(),
      hear: async () => {
        const before = heard
        terminate()
        await until(() => heard > before, 'the signal')
      },
    }
    for (const step of steps.split(' ')) {
      await perform[step]?.()
      say(step)
    }
    terminate()
    say('survived')
  }

  test.each([
    'on hear off',
    'on other off hear otherOff',
    'once hear',
    'on other offAll',
    'on reset',
    'interrupt',
    'sub hear close',
    'on sub close hear off',
    'sub on off hear close',
    'sub on close hear off',
    'sub close on hear off',
    'on sub off close',
    'sub on close sub off close',
    'sub close on sub off close',
    'worker hear end',
    'on worker off end',
    'ignore survive restore',
    'ignore on sub restore off close',
  ])('SIGTERM goes to the listener while there is one, and ends it then: %s', async (steps) => {
    const options = { wrapper: inNamespace, flags: preload, cwd: packageRoot, stay: 'forever' } as const
    const { lines, ending } = await startOwnProcess(listening, steps, options).report()
    expect(lines).toEqual(steps.split(' '))
    expect(ending).toEqual({ code: 143, signal: null })
  })

  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('%s that comes while Node starts ends it with %i', async (signal, code) => {
    const flags = ['--require', fixturePath('slow-start.cjs'), ...preload]
    const program = startInit(({ say }) => {
      say('survived')
    }, flags)
    await program.next('the start')
    const [child] = readFileSync(`/proc/${program.pid}/task/${program.pid}/children`, 'utf8').split(' ')
    process.kill(Number(child), signal)
    program.write('')
    expect(await program.report()).toEqual({ lines: [], ending: { code, signal: null } })
  })

  test('a listener that another preload has added and removed is no early signal', async () => {
    const other = join(temporaryDirectory(), 'other.cjs')
    writeFileSync(other, "process.on('SIGTERM', () => {}).removeAllListeners('SIGTERM')")
    const body: Body<null, unknown> = ({ say }) => {
      say('here')
      process.kill(1, 'SIGTERM')
    }
    expect(await endOf(body, ['--require', other, ...preload])).toEqual({
      said: ['here'],
      code: 143,
      signal: null,
    })
  })

  test('a Worker loads it too, and does not do it a second time', async () => {
    // A Worker of `eval` skips --import in Node 20.
    const body: Body<null, unknown> = async ({ startWorker, once, say }) => {
      process.on('SIGTERM', () => undefined)
      const worker = startWorker(({ port }) => {
        port.postMessage(process.execArgv.includes('sigkit/init'))
        port.close()
      }, null)
      say((await once(worker, 'message'))[0])
      await once(worker, 'exit')
      const heard = once(process, 'SIGTERM')
      process.kill(1, 'SIGTERM')
      await heard
      say('heard')
      process.exit(0)
    }
    expect(await endOf(body, ['--require', 'sigkit/init'])).toEqual({
      said: [true, 'heard'],
      code: 0,
      signal: null,
    })
  })

  test('require does as well as import', async () => {
    const ended = endOf(
      ({ say }) => {
        process.kill(1, 'SIGTERM')
        say('survived')
      },
      ['--require', 'sigkit/init'],
    )
    expect(await ended).toEqual({ said: [], code: 143, signal: null })
  })

  test('it does not keep the process alive', async () => {
    const options = { wrapper: inNamespace, flags: preload, cwd: packageRoot, stay: true }
    expect(await startOwnProcess(() => null, null, options).ended()).toEqual({ code: 0, signal: null })
  })

  test('without /proc it warns that orphans are not reaped, and ends by SIGTERM', async () => {
    const [unshare = '', ...flags] = inNamespace.filter((word) => word !== 'setsid')
    const hidden = ['setsid', 'sh', '-c', 'umount -l /proc && exec "$@"', 'sh']
    const program = startOwnProcess(() => process.kill(1, 'SIGTERM'), null, {
      wrapper: [unshare, ...flags, ...hidden],
      flags: preload,
      cwd: packageRoot,
    })
    expect(await program.ended()).toEqual({ code: 143, signal: null })
    expect(program.stderr).toMatch(/\[SIGKIT_INIT\] Warning: orphans are not reaped: /)
  })
})

describe('not as PID 1', () => {
  const facts: Body<null, unknown> = ({ sigkit, syscalls }) => ({
    subreaperBefore: syscalls.prctlGetChildSubreaper(),
    actions: ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGCHLD'].map((name) =>
      syscalls.sigaction(name as never, null),
    ),
    listeners: process.listenerCount('removeListener') + process.listenerCount('newListener'),
    loaded: typeof sigkit,
  })
  const start = (flags: readonly string[]): Program =>
    startOwnProcess(facts, null, { flags, cwd: packageRoot })

  test('it changes nothing', async () => {
    const json = (result: unknown): string =>
      JSON.stringify(result, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value))
    const [plain, preloaded] = [await resultOf(start([])), await resultOf(start(preload))]
    expect(json(preloaded)).toBe(json(plain))
  })

  test('as a subreaper it reaps orphans, and leaves the signals alone', async () => {
    const program = startOwnProcess(
      async ({ adopt, until, stateOf, syscalls }) => {
        const { pids, end } = await adopt(5, 'exit', 3)
        end()
        await until(() => pids.every((pid) => stateOf(pid) === 'gone'), 'the orphans to be reaped')
        return syscalls.sigaction('SIGHUP', null).disposition
      },
      null,
      { wrapper: [programPath('subreaper'), 'exec'], flags: preload, cwd: packageRoot },
    )
    expect(await resultOf(program)).toBe('default')
  })

  test('one that makes itself a subreaper later is one', async () => {
    const program = startOwnProcess(
      async ({ sigkit, adopt, until, stateOf }) => {
        sigkit.setChildSubreaper(true)
        const { pids, end } = await adopt(5, 'exit', 3)
        end()
        await until(() => pids.every((pid) => stateOf(pid) === 'gone'), 'the orphans to be reaped')
        return pids.length
      },
      null,
      { flags: preload, cwd: packageRoot },
    )
    expect(await resultOf(program)).toBe(5)
  })
})
