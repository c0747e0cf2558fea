/**
 * `sigkit init` as real PID 1 and as subreaper: what tini and dumb-init promise, row by row, the rows that they keep
 * run against them too, so that a wrong expectation shows; and what none of them does.
 */
import { describe, expect, test } from 'vitest'
import { cli, initCommand, installed, run, type InitOptions, type Tool } from './helpers/init.js'
import { canNamespace, NEEDS_NAMESPACE } from './helpers/privilege.js'

interface Row {
  does: string
  /** For bash. */
  script?: string
  /** In its place. */
  command?: readonly string[]
  options?: InitOptions
  code: number
  stdout?: string | RegExp
  /** Who promises the same. */
  peers?: readonly Tool[]
}

const all: readonly Tool[] = ['tini', 'dumb-init']
const tini: readonly Tool[] = ['tini']

/** Until nobody is a zombie; a zombie that stays makes the test run into its deadline. */
const noZombies = 'while grep -qs "^State:.Z" /proc/[0-9]*/status; do :; done'

const endings: Row[] = [
  ...[0, 1, 2, 7, 42, 125, 126, 127, 128, 143, 255].map((code) => ({
    does: `passes exit code ${code} on`,
    script: `exit ${code}`,
    code,
    peers: all,
  })),
  ...['HUP', 'INT', 'QUIT', 'ABRT', 'KILL', 'USR1', 'SEGV', 'PIPE', 'TERM'].map((name) => ({
    does: `gives 128 + n for a death by SIG${name}`,
    command: ['sh', '-c', `ulimit -c 0; kill -${name} $$`],
    code:
      128 +
      ({ HUP: 1, INT: 2, QUIT: 3, ABRT: 6, KILL: 9, USR1: 10, SEGV: 11, PIPE: 13, TERM: 15 }[name] ?? 0),
    peers: all,
  })),
  { does: 'gives 128 + n for real-time signals', script: 'kill -34 $$', code: 162, peers: all },
  { does: 'gives 192 for SIGRTMAX', script: 'kill -64 $$', code: 192, peers: all },
  { does: 'gives 160 for 32, which libc keeps', script: '/bin/kill -32 $$; sleep 9', code: 160, peers: all },
]

const starting: Row[] = [
  {
    does: 'gives 127 for a program that is not there',
    options: { wrapper: ['env', 'PATH=/usr/bin:/bin'] },
    command: ['no-such-program'],
    code: 127,
    peers: tini,
  },
  { does: 'gives 127 for a path that is not there', command: ['./no-such-program'], code: 127, peers: tini },
  { does: 'gives 127 for a path through a file', command: ['/etc/passwd/x'], code: 127 },
  { does: 'gives 127 for an empty name', command: [''], code: 127, peers: tini },
  { does: 'gives 126 for a directory', command: ['/etc'], code: 126, peers: tini },
  { does: 'gives 126 for a file that is not executable', command: ['/etc/passwd'], code: 126, peers: tini },
  { does: 'finds a program on PATH', command: ['true'], code: 0, peers: all },
  {
    does: 'runs a script without #! by /bin/sh',
    options: { wrapper: ['sh', '-c', 'echo "echo \\$0 \\$1; exit 4" > s; chmod +x s; exec "$@"', '-'] },
    command: ['./s', 'argument'],
    code: 4,
    stdout: './s argument\n',
    peers: all,
  },
  {
    does: 'looks further on PATH when what it finds may not be run',
    options: {
      wrapper: [
        'sh',
        '-c',
        'mkdir a b; echo "exit 5" > a/program; echo "exit 6" > b/program; chmod +x b/program; PATH=a:b:$PATH exec "$@"',
        '-',
      ],
    },
    command: ['program'],
    code: 6,
    peers: all,
  },
  { does: 'is PID 1 here', script: 'echo $PPID', code: 0, stdout: '1\n', peers: all },
  {
    does: 'hands arguments down as they are',
    command: ['printf', '%s|', '', 'a b', '*', '--', '-x', '$HOME', 'two\nlines', 'ü'],
    code: 0,
    stdout: Buffer.from('|a b|*|--|-x|$HOME|two\nlines|ü|').toString('latin1'),
    peers: all,
  },
  {
    does: 'hands the environment down',
    options: { wrapper: ['env', 'MARK=a b'] },
    script: 'echo "$MARK"',
    code: 0,
    stdout: 'a b\n',
    peers: all,
  },
  {
    does: 'hands the working directory down',
    options: { wrapper: ['env', '-C', '/usr/lib'] },
    script: 'pwd',
    code: 0,
    stdout: '/usr/lib\n',
    peers: all,
  },
  {
    does: 'hands the umask down',
    options: { wrapper: ['sh', '-c', 'umask 027; exec "$@"', '-'] },
    script: 'umask',
    code: 0,
    stdout: '0027\n',
    peers: all,
  },
  {
    does: 'hands the nice value down',
    options: { wrapper: ['nice', '-n', '7'] },
    script: 'nice',
    code: 0,
    stdout: '7\n',
    peers: all,
  },
  {
    does: 'hands the OOM score down',
    options: { wrapper: ['sh', '-c', 'echo 321 > /proc/self/oom_score_adj; exec "$@"', '-'] },
    script: 'cat /proc/self/oom_score_adj',
    code: 0,
    stdout: '321\n',
    peers: all,
  },
  {
    does: 'starts it with no signal blocked, ignored or caught',
    command: ['cat', '/proc/self/status'],
    code: 0,
    stdout: /^SigBlk:\t0{16}\nSigIgn:\t0{16}\nSigCgt:\t0{16}$/m,
  },
  {
    does: 'does so when it was started with all of them blocked and ignored',
    options: { wrapper: ['env', '--ignore-signal', '--block-signal'] },
    command: ['cat', '/proc/self/status'],
    code: 0,
    stdout: /^SigBlk:\t0{16}\nSigIgn:\t0{16}\nSigCgt:\t0{16}$/m,
  },
  {
    does: 'reads what comes in',
    options: { wrapper: ['sh', '-c', 'echo in | exec "$@"', '-'] },
    script: 'cat',
    code: 0,
    stdout: 'in\n',
    peers: all,
  },
  {
    does: 'has SIGPIPE end the command again',
    script: 'set -o pipefail; yes | head -1; exit $?',
    code: 141,
    stdout: 'y\n',
    peers: all,
  },
  {
    does: 'works with its input closed',
    options: { wrapper: ['sh', '-c', 'exec "$@" <&-', '-'] },
    script: 'exit 6',
    code: 6,
    peers: ['dumb-init'] /* tini ends: tcsetpgrp on a closed fd */,
  },
  {
    does: 'works with its output closed',
    options: { wrapper: ['sh', '-c', 'exec "$@" >&-', '-'] },
    script: 'exit 6',
    code: 6,
    peers: all,
  },
  {
    does: 'works with its error output closed',
    options: { wrapper: ['sh', '-c', 'exec "$@" 2>&-', '-'] },
    script: 'exit 6',
    code: 6,
    peers: all,
  },
  {
    does: 'works with its output full',
    options: { wrapper: ['sh', '-c', 'exec "$@" >/dev/full 2>&1', '-'] },
    script: 'exit 6',
    code: 6,
    peers: all,
  },
]

const reaping: Row[] = [
  { does: 'reaps an orphan', script: `(true &); ${noZombies}`, code: 0, peers: all },
  {
    does: 'reaps 100 orphans at once',
    script: `for i in {1..100}; do (sleep 0.2 &); done; sleep 0.2; ${noZombies}`,
    code: 0,
    peers: all,
  },
  {
    does: 'reaps what a dead parent left as a zombie',
    script: `bash -c 'true & exec sleep 0.1'; ${noZombies}`,
    code: 0,
    peers: all,
  },
  { does: 'reaps one that left its session', script: `(setsid true &); ${noZombies}`, code: 0, peers: all },
  {
    does: 'reaps what ended before it was there',
    options: { wrapper: ['sh', '-c', 'true & exec "$@"', '-'] },
    script: noZombies,
    code: 0,
    peers: tini,
  },
  {
    does: 'does not take an orphan for the command',
    script: '(sh -c "exit 9" &); sleep 0.2; exit 5',
    code: 5,
    peers: all,
  },
  {
    does: 'ends when the command does, whatever its orphans do',
    script: 'sleep 1000 & exit 5',
    code: 5,
    peers: all,
  },
  {
    does: 'reaps in a nested namespace, and passes its code on',
    command: [
      'unshare',
      '--pid',
      '--fork',
      '--mount-proc',
      ...cli('init', '--', 'bash', '-c', `(true &); ${noZombies}; exit 3`),
    ],
    code: 3,
  },
  {
    does: 'runs under another init of its own kind',
    command: cli('init', '-s', '--', 'bash', '-c', 'exit 3'),
    code: 3,
  },
]

describe.skipIf(!canNamespace)(`as PID 1 ${NEEDS_NAMESPACE}`, () => {
  const rows = [...endings, ...starting, ...reaping]

  test('the table is as long as promised', () => {
    expect(rows.length).toBeGreaterThanOrEqual(54)
  })

  test.each(rows)('sigkit init $does', async (row) => {
    await check('sigkit', row)
  })

  for (const tool of all) {
    const kept = rows.filter(({ peers }) => peers?.includes(tool))
    test.skipIf(!installed(tool)).each(kept)(
      `the row is right: ${tool} $does [needs ${tool}]`,
      async (row) => {
        await check(tool, row)
      },
    )
  }
})

async function check(tool: Tool, { script, command, options, code, stdout }: Row): Promise<void> {
  const words = command ?? ['bash', '-c', script ?? '']
  const outcome = await run(initCommand(tool, options ?? {}, words))
  expect(outcome.stderr === '' || code >= 126 || outcome.code === code, outcome.stderr).toBe(true)
  expect(outcome).toMatchObject({ code, signal: null })
  if (typeof stdout === 'string') expect(outcome.stdout).toBe(stdout)
  if (stdout instanceof RegExp) expect(outcome.stdout).toMatch(stdout)
}
