/** formatTree: as ps -ejH prints it, and harmless on a terminal. */
import { spawnSync } from 'node:child_process'
import { descendants, formatTree, getProcess, type ProcessEntry } from 'sigkit'
import { describe, expect, onTestFinished, test } from 'vitest'
import { plainEnvironment } from './helpers/fixture.js'
import { Program } from './helpers/program.js'
import { thrown } from './helpers/thrown.js'

function entry(pid: number, ppid: number, more: Partial<ProcessEntry> = {}): ProcessEntry {
  const identity = undefined as unknown as ProcessEntry['identity']
  return {
    ...{ pid, ppid, pgid: 1, sid: 1, tty: null, state: 'S', comm: `p${pid}`, uid: 0, startTime: 0 },
    ...{ threads: 1, rss: 0, cpuTime: 0, identity },
    ...more,
  }
}

const commands = (entries: ProcessEntry[]): string[] =>
  formatTree(entries, { header: false })
    .split('\n')
    .map((line) => line.slice(42))

test('is what ps -ejH prints', async () => {
  const script = '(sleep 1000 & sleep 1000 & wait) & (sleep 1000; true) & echo \'"ready"\'; wait'
  const program = new Program(['sh', '-c', script], { detached: true, env: plainEnvironment })
  onTestFinished(() => {
    spawnSync('kill', ['-KILL', '--', `-${program.pid}`], { env: plainEnvironment })
  })
  await program.next('the tree')
  const root = program.pid
  while (descendants(root).filter(({ comm }) => comm === 'sleep').length < 3);
  const tree = [...descendants(root), getProcess(root)].filter((one) => one !== undefined)
  const theirs = spawnSync('ps', ['-ejH'], { encoding: 'utf8', env: plainEnvironment }).stdout
  const pids = new Set(tree.map(({ pid }) => pid))
  // How wide numbers are depends on the largest pid there may be, and ps counts from the top of the machine.
  const rows = (text: string): string[][] => {
    const all = text
      .trimEnd()
      .split('\n')
      .map((line) => [...(/^ *(\S+) +(\S+) +(\S+) +(\S+) +(\S+) (.*)$/.exec(line) ?? [])].slice(1))
      .filter(([pid], index) => index === 0 || pids.has(Number(pid)))
    const top = /^ */.exec(all[1]?.[5] ?? '')?.[0].length ?? 0
    return all.map((row, index) => (index === 0 ? row : [...row.slice(0, 5), row[5]?.slice(top) ?? '']))
  }
  expect(rows(formatTree(tree))).toEqual(rows(theirs))
  expect(rows(theirs)).toHaveLength(tree.length + 1)
})

describe('the tree', () => {
  test('has parents before their children, siblings by age, and whoever has no parent there at the top', () => {
    const entries = [
      entry(5, 3),
      entry(4, 3, { startTime: 7 }),
      entry(2, 1, { startTime: 2 }),
      entry(3, 1, { startTime: 1 }),
      entry(9, 8),
      entry(1, 0),
    ]
    expect(commands(entries)).toEqual(['p1', '  p3', '    p5', '    p4', '  p2', 'p9'])
  })

  test('shows each once where the numbers make a circle, or are there twice', () => {
    expect(commands([entry(2, 3), entry(3, 2), entry(4, 3), entry(5, 5)])).toEqual([
      'p5',
      'p2',
      '  p3',
      '    p4',
    ])
    expect(commands([entry(2, 1), entry(2, 1)])).toEqual(['p2'])
  })

  test('is no deeper than memory: 20 000 generations', () => {
    const generations = Array.from({ length: 20_000 }, (_, index) => entry(index + 1, index))
    expect(commands(generations)).toHaveLength(20_000)
  })

  test('is empty for nothing, but for its header', () => {
    expect(formatTree([])).toBe('    PID    PGID     SID TTY          TIME CMD')
    expect(formatTree([], { header: false })).toBe('')
  })
})

describe('a line', () => {
  const line = (more: Partial<ProcessEntry>, options = {}): string =>
    formatTree([entry(7, 1, more)], { header: false, ...options })

  test('has pid, group, session, terminal, CPU time and name', () => {
    const more = { pgid: 4194304, sid: 5, tty: 'pts/12', cpuTime: 3_723_999 }
    expect(line(more)).toBe('      7 4194304       5 pts/12   01:02:03 p7')
    expect(line({ cpuTime: 200 * 3_600_000 })).toContain(' 08-08:00:00 p7')
    expect(line({ state: 'Z' })).toBe('      7       1       1 ?        00:00:00 p7 <defunct>')
  })

  test('has a question mark for what is not known', () => {
    const unknown = { pid: 7, uid: 0 } as unknown as ProcessEntry
    expect(formatTree([unknown], { header: false })).toBe('      7       ?       ? ?               ? ?')
  })

  test('shows the arguments where that is asked for and they are known', () => {
    expect(line({ argv: ['a', 'b c'] }, { command: 'argv' })).toMatch(/ a b c$/)
    expect(line({ argv: [] }, { command: 'argv' })).toMatch(/ p7$/)
    expect(line({ argv: ['a'] })).toMatch(/ p7$/)
  })

  test.each([
    ['\u001b[31mred', '\\x1b[31mred'],
    ['two\nlines\t\r', 'two\\x0alines\\x09\\x0d'],
    ['\udcff\udc80', '\\xff\\x80'],
    ['\u0085\u009b', '\\x85\\x9b'],
    ['\u202egnp.exe', '\\u{202e}gnp.exe'],
    ['\u2028\u200b', '\\u{2028}\\u{200b}'],
    ['\ud800', '\\u{d800}'],
    ['\u007f', '\\x7f'],
    ['naïve €😀', 'naïve €😀'],
  ])('is harmless on a terminal: %j', (comm, shown) => {
    expect(line({ comm }).slice(42)).toBe(shown)
    expect(line({ argv: [comm] }, { command: 'argv' }).slice(42)).toBe(shown)
  })
})

test.each([
  [undefined, undefined],
  ['text', undefined],
  [[], null],
  [[null], undefined],
  [[1], undefined],
  [[{}], undefined],
  [[], { header: 1 }],
  [[], { command: 'args' }],
])('refuses %j, %j', (entries, options) => {
  expect(thrown(() => formatTree(entries as never, options as never)).name).toBe('TypeError')
})
