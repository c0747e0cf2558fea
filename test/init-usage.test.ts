/** The command line of `sigkit`, and `sigkit init` where the ground is missing: no PID 1, no /proc, no memory of who asked. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { packageRoot } from './helpers/addon.js'
import { fixturePath, plainEnvironment, programPath } from './helpers/fixture.js'
import {
  cli,
  initCommand,
  NEEDS_NO_SANITIZER,
  run,
  sanitized,
  Watched,
  type Outcome,
} from './helpers/init.js'
import { asNobody, canNamespace, inNamespace, isRoot, NEEDS_NAMESPACE } from './helpers/privilege.js'

const sigkit = (...args: string[]): Promise<Outcome> => run(cli(...args))

describe('the command line', () => {
  test.each([
    [[], 'which command?'],
    [['ini'], "unknown command 'ini' (did you mean 'init'?)"],
    [['inti', '--', 'true'], "unknown command 'inti' (did you mean 'init'?)"],
    [['frobnicate'], "unknown command 'frobnicate'"],
    [['constructor'], "unknown command 'constructor'"],
    [['init'], 'init: which command?'],
    [['init', '--'], 'init: which command?'],
    [['init', '-s'], 'init: which command?'],
    [['init', '-x', '--', 'true'], "Unknown option '-x'"],
    [['init', '--no-such', '--', 'true'], "Unknown option '--no-such'"],
    [['init', '-r'], 'argument missing'],
    [['init', '-r', 'TERM', '--', 'true'], "-r takes FROM:TO, two signals, not 'TERM'"],
    [['init', '-r', ':TERM', '--', 'true'], '-r takes FROM:TO'],
    [['init', '-r', 'TERM:', '--', 'true'], '-r takes FROM:TO'],
    [['init', '-r', '1:2:3', '--', 'true'], '-r takes FROM:TO'],
    [['init', '-r', 'TREM:INT', '--', 'true'], "did you mean 'SIGTERM'?"],
    [['init', '-r', '65:1', '--', 'true'], 'Unknown signal: 65'],
    [['init', '-r', '15:-1', '--', 'true'], '-r 15:-1'],
    [['init', '-r', '0:1', '--', 'true'], 'FROM cannot be it'],
    [['init', '-r', 'KILL:TERM', '--', 'true'], 'never forwarded'],
    [['init', '-r', 'STOP:TERM', '--', 'true'], 'never forwarded'],
    [['init', '-r', 'CHLD:TERM', '--', 'true'], 'never forwarded'],
    [['init', '-r', '15:32', '--', 'true'], 'reserved'],
    [['init', '--grace', 'soon', '--', 'true'], '--grace must be milliseconds'],
    [['init', '--grace', '-5', '--', 'true'], 'grace'],
    [['init', '--grace', '1.5', '--', 'true'], '--grace must be milliseconds'],
    [['init', '--grace', '99999999999', '--', 'true'], '--grace must be milliseconds'],
  ])('%j is a usage error', async (args, message) => {
    const { code, stdout, stderr } = await sigkit(...args)
    expect(stderr).toContain(message)
    expect(stderr).toMatch(/^sigkit: [^\n]*\n$/)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  })

  test.each([
    [['--help']],
    [['-h']],
    [['help']],
    [['init', '--help']],
    [['init', '-h']],
    [['init', '-g', '--grace', '5', '--help']],
  ])('%j prints the usage', async (args) => {
    const { code, stdout, stderr } = await sigkit(...args)
    expect(stdout).toMatch(/^sigkit init \[-s\] \[-g\] \[-r FROM:TO\]\.\.\./)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })

  test('options end at the command, with or without --', async () => {
    expect((await sigkit('init', '-s', 'printf', '%s', '-g')).stdout).toBe('-g')
    expect((await sigkit('init', '-s', '--', 'printf', '%s', '--')).stdout).toBe('--')
    expect((await sigkit('init', '-sg', '--grace=100', '--', 'printf', '%s', 'x')).stdout).toBe('x')
    expect((await sigkit('init', '-sr', 'TERM:INT', 'printf', 'x')).stdout).toBe('x')
  })

  test('arguments that are no UTF-8 are handed down byte for byte', () => {
    const words = cli('init', '-s', '--', 'printf', '%s|')
    const script = `exec ${words.map((word) => `'${word}'`).join(' ')} "$(printf '\\377\\376a')" "$(printf '\\303\\274')"`
    const { stdout } = spawnSync('bash', ['-c', script], { env: plainEnvironment })
    expect([...stdout]).toEqual([0xff, 0xfe, 0x61, 0x7c, 0xc3, 0xbc, 0x7c])
  })

  test('package.json has it, executable and with #!', () => {
    const { bin } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
      bin: Record<string, string>
    }
    const path = join(packageRoot, bin.sigkit ?? '')
    expect(readFileSync(path, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/)
    expect(spawnSync('test', ['-x', path]).status).toBe(0)
  })

  test('a command that is not asked for is not loaded, and init loads little of the library', () => {
    const script = `process.argv.splice(1, 0, 'x'); process.on('exit', () => {
      const { relative, dirname } = require('node:path')
      const root = dirname(require.resolve('${join(packageRoot, 'package.json')}'))
      process.stdout.write(JSON.stringify(Object.keys(require.cache).map((path) => relative(root, path))))
    }); require('${join(packageRoot, 'dist/cli/main.js')}')`
    const { stdout } = spawnSync(process.execPath, ['-e', script, 'init', '-s', '--', 'true'], {
      env: process.env,
      encoding: 'utf8',
    })
    const files = JSON.parse(stdout) as string[]
    expect(files).toContain('dist/cli/init.js')
    const unneeded = ['index', 'reaper', 'wait', 'pidfd', 'process-ref', 'features', 'syscalls']
    expect(files.filter((file) => unneeded.some((name) => file === `dist/${name}.js`))).toEqual([])
  })
})

describe('beside PID 1', () => {
  test('it says that orphans do not come to it, and works', async () => {
    const { code, stdout, stderr } = await run(
      initCommand('sigkit', { subreaper: true }, ['sh', '-c', 'echo out; exit 3']).filter(
        (word) => word !== '-s',
      ),
    )
    expect({ code, stdout }).toEqual({ code: 3, stdout: 'out\n' })
    expect(stderr).toMatch(/^sigkit: init is neither PID 1 nor a child subreaper[^\n]*-s[^\n]*\n$/)
  })

  test('the warning that nobody reads is no harm', async () => {
    const command = initCommand('sigkit', { subreaper: true }, ['sh', '-c', 'exit 3']).filter(
      (word) => word !== '-s',
    )
    for (const stderr of ['>/dev/full', '>&-'])
      expect((await run(['sh', '-c', `exec "$@" 2${stderr}`, '-', ...command])).code).toBe(3)
    // A pipe that nobody reads any more: SIGPIPE is not forwarded, it is not meant for the command.
    expect((await run(['bash', '-c', '"$@" 2> >(exec true; sleep 1); exit $?', '-', ...command])).code).toBe(
      3,
    )
  })

  test('with -s it is a subreaper, and says nothing', async () => {
    const script =
      'sh -c "sleep 0.2 & echo \\$! > orphan"; orphan=$(cat orphan); ' +
      'grep -q "^PPid:.$PPID$" /proc/$orphan/status || exit 9; ' +
      'while kill -0 $orphan 2> /dev/null; do :; done; exit 4'
    const { code, stderr } = await run(initCommand('sigkit', { subreaper: true }, ['bash', '-c', script]))
    expect({ code, stderr }).toEqual({ code: 4, stderr: '' })
  })

  test.runIf(isRoot)('as an unprivileged user it does the same [needs root]', async () => {
    const { code, stderr } = await run([
      ...asNobody,
      ...initCommand('sigkit', { subreaper: true, grace: 0 }, ['sh', '-c', 'sleep 1000 & exit 4']),
    ])
    expect({ code, stderr }).toEqual({ code: 4, stderr: '' })
  })
})

describe.skipIf(!canNamespace || sanitized)(`without /proc ${NEEDS_NAMESPACE} ${NEEDS_NO_SANITIZER}`, () => {
  const noProc = ['unshare', '--mount', 'sh', '-c', 'mount -t tmpfs none /proc && exec "$@"', '-']

  test('as PID 1 it forwards, reaps, and ends what is left', async () => {
    // Without /proc the shell can count zombies by kill -0 alone.
    const script =
      'sh -c "true & echo \\$! > orphan"; until [ -s orphan ]; do :; done; ' +
      'while kill -0 $(cat orphan) 2> /dev/null; do :; done; ' +
      '(trap "exit" TERM; while :; do sleep 0.02; done) & exit 5'
    const outcome = await run(
      initCommand('sigkit', { grace: 25_000, wrapper: noProc }, ['bash', '-c', script]),
    )
    expect(outcome).toMatchObject({ code: 5, signal: null })
    expect(outcome.took).toBeLessThan(25_000)
  })

  test('real-time signals still go through', async () => {
    const init = await Watched.start({ wrapper: noProc })
    const { kill } = await import('sigkit/syscalls')
    kill(init.pid, 40)
    expect(await init.arrival()).toMatchObject({ signo: 40 })
  })
})

describe.skipIf(!canNamespace)(`with the /proc of another namespace ${NEEDS_NAMESPACE}`, () => {
  // Our number there is somebody else's here, who has children: they are none of ours.
  test('a subreaper signals nobody by those numbers', async () => {
    const inside = [
      ...cli(
        'init',
        '-s',
        '--grace',
        '0',
        '--',
        'sh',
        '-c',
        'sleep 1000 & until [ -e go ]; do :; done; exit 6',
      ),
    ]
    // The init is 2 in the inner namespace, and 2 of the outer one has the children 3 to 82.
    const script =
      'bash -c "for i in {1..80}; do sleep 1000 & done; > made; wait" & ' +
      'until [ -e made ]; do :; done; ' +
      `unshare --pid --fork --kill-child bash -c '"$@" & init=$!; sleep 1000 & bystander=$!; > go; wait $init; code=$?
       echo $init $((bystander > 2 && bystander < 83)); kill -0 $bystander && exit $code' - "$@"`
    const outcome = await run([...inNamespace, 'bash', '-c', script, '-', ...inside])
    expect(outcome).toMatchObject({ code: 6, stdout: '2 1\n', stderr: '' })
  })
})

describe('what it does to itself', () => {
  // Nobody is left to end the command, and it holds nothing that we wait for.
  const sleeping = ['sh', '-c', 'exec sleep 3 > /dev/null 2>&1']
  const faulty = (fault: string, command = sleeping): Promise<Outcome> =>
    run(
      initCommand('sigkit', { subreaper: true, flags: ['--require', fixturePath('faulty.cjs')] }, command),
      { env: { FAULT: fault, FAULTY_SO: programPath('fault.so') } },
    )

  test('a fault ends it, and does not go to the command', async () => {
    expect(await faulty('segv')).toMatchObject({ code: null, signal: 'SIGSEGV' })
  })

  test('abort ends it too', async () => {
    expect(await faulty('abort')).toMatchObject({ code: null, signal: 'SIGABRT' })
  })

  test('a signal of its own (SIGPIPE of its messages) is not for the command', async () => {
    const outcome = await faulty('self', ['sh', '-c', 'sleep 0.5; exit 5'])
    expect(outcome).toMatchObject({ code: 5, signal: null })
  })
})
