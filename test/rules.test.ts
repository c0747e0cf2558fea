/** The rules of design.md that a reader can check and a compiler does not. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'
import { packageRoot } from './helpers/addon.js'
import { output } from './helpers/shell.js'

/** The rows of lib/, top to bottom. A file imports only from its own row or rows below. A new file goes in here. */
const rows: readonly (readonly string[])[] = [
  ['cli'], // lib/cli/*
  ['init', 'early-signals'],
  ['index'],
  [
    ...['terminate', 'reaper', 'processes', 'diagnose'],
    ...['process-walk', 'format-tree', 'find-processes', 'process-query', 'port-holders'],
    // What terminate is made of.
    ...[
      'termination',
      'termination-guard',
      'termination-member',
      'termination-options',
      'termination-report',
    ],
    ...['termination-roster', 'termination-scope', 'process-tree', 'tree-freeze', 'process-group'],
    'control-group',
  ],
  [
    ...['pidfd', 'wait', 'handlers', 'send', 'exit', 'liveness', 'pid-file'],
    ...['disposition', 'signal-waits'],
    // What handlers is made of.
    ...['deadline', 'signal-dispatch', 'signal-records', 'signal-refusals', 'signal-spares'],
    // What pidfd and wait are made of.
    ...['link', 'open-link', 'pidfd-link', 'start-time-link', 'target', 'process-ref', 'identity'],
    ...['proc-stat', 'own-proc', 'ancestors', 'process-info', 'features', 'host'],
    ...['exit-waiters', 'exit-watch', 'read-exit', 'wait-options', 'child-wait', 'own-children'],
    ...['pending-waits', 'shared-listeners', 'wait-on-link', 'proc-children', 'proc-text'],
    // What processes is made of.
    ...['process-entry', 'process-records', 'background', 'terminal-name', 'printable', 'lazy-fields'],
  ],
  [
    ...['syscalls', 'action-syscalls', 'signal-sets', 'pidfd-syscalls', 'pidfd-info', 'queued-info'],
    // What the waiting calls are made of.
    ...['wait-syscalls', 'wait-status', 'exit-status', 'resource-usage'],
  ],
  ['errors', 'error-classes', 'signals', 'arguments', 'constants'],
  ['native', 'elsewhere', 'load-addon', 'node-errors', 'runtime'],
]

interface Source {
  /** Without lib/ and .ts; a file of lib/cli/ is cli/NAME. */
  name: string
  text: string
}

function filesIn(directory: string, pattern: RegExp): string[] {
  return readdirSync(join(packageRoot, directory), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && pattern.test(entry.name))
    .map((entry) => relative(packageRoot, join(entry.parentPath, entry.name)))
    .sort()
}

const read = (path: string): string => readFileSync(join(packageRoot, path), 'utf8')

const library: Source[] = filesIn('lib', /\.m?ts$/).map((path) => ({
  name: path.replace(/^lib\//, '').replace(/\.m?ts$/, ''),
  text: read(path),
}))

const withoutComments = (text: string): string => text.replace(/\/\*.*?\*\/|\/\/[^\n]*/gs, '')

const native = filesIn('native', /\.(cc|h)$/).map((path) => ({ path, code: withoutComments(read(path)) }))
const inCore = native.filter(({ path }) => path.startsWith('native/core/'))
const inBinding = native.filter(({ path }) => path.startsWith('native/binding/'))

function rowOf(name: string): number {
  const room = name.startsWith('cli/') ? 'cli' : name
  const row = rows.findIndex((names) => names.includes(room))
  if (row < 0) throw new Error(`lib/${name}.ts is in no row of the table in test/rules.test.ts: give it one`)
  return row
}

/** The files of lib/ that a file imports from, types included. */
function importsOf({ name, text }: Source): string[] {
  const directory = name.includes('/') ? name.slice(0, name.lastIndexOf('/') + 1) : ''
  return ts
    .preProcessFile(text, true, true)
    .importedFiles.map(({ fileName }) => fileName)
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => join(directory, specifier).replace(/\.m?js$/, ''))
}

describe('lib/', () => {
  test.each(library.map((source) => [source.name, source] as const))(
    '%s imports only from its row or below',
    (name, source) => {
      const row = rowOf(name)
      const above = importsOf(source).filter((imported) => rowOf(imported) < row)
      expect(above).toEqual([])
    },
  )

  test('the check sees imports', () => {
    const send = library.find(({ name }) => name === 'send')
    expect(send === undefined ? [] : importsOf(send)).toContain('native')
  })

  test('only native.ts touches the loader', () => {
    const importers = library.filter((source) => importsOf(source).includes('load-addon'))
    expect(importers.map(({ name }) => name)).toEqual(['native'])
    const loaders = library.filter(({ text }) => /node-gyp-build'|process\.dlopen|\.node'/.test(text))
    expect(loaders.map(({ name }) => name)).toEqual(['load-addon'])
  })

  test('only errors.ts builds system errors', () => {
    const classes =
      'SignalError|NoSuchProcessError|PermissionDeniedError|NoChildError|ResourceLimitError|UnsupportedError'
    const construction = new RegExp(`\\bnew (${classes})\\b`)
    const builders = library.filter(
      ({ text }) => construction.test(withoutComments(text)) || /\bnew errorClass\(/.test(text),
    )
    expect(builders.map(({ name }) => name).filter((name) => name !== 'node-errors')).toEqual(['errors'])
  })

  test('no signal number is written down a second time: each comes from the C headers', () => {
    for (const name of ['signals', 'send', 'syscalls', 'constants', 'exit']) {
      const text = library.find((source) => source.name === name)?.text ?? ''
      expect(withoutComments(text), name).not.toMatch(/\b(SIG[A-Z]+|SI_[A-Z]+): ?-?\d/)
    }
  })
})

describe('native/', () => {
  test('core knows no JavaScript', () => {
    expect(inCore.length).toBeGreaterThan(0)
    for (const { path, code } of inCore) {
      expect(code, path).not.toMatch(/#include\s*[<"][^>"]*(napi|node_api|binding\/|v8|uv)\b/)
      expect(code, path).not.toMatch(/\bnapi_|\bNapi::/)
    }
  })

  test('binding makes no system call of its own', () => {
    expect(inBinding.length).toBeGreaterThan(0)
    const calls = [
      ...[
        'sigaction',
        'signal',
        'sigprocmask',
        'pthread_sigmask',
        'sigqueue',
        'kill',
        'killpg',
        'tgkill',
        'raise',
      ],
      ...['waitpid', 'waitid', 'wait4', 'setpgid', 'getpgid', 'getsid', 'prctl', 'ioctl', 'syscall'],
      ...['epoll_create1', 'epoll_ctl', 'epoll_wait', 'eventfd', 'pidfd_open', 'pidfd_send_signal'],
    ]
    const call = new RegExp(`(?<![\\w.>"])(${calls.join('|')})\\s*\\(`)
    for (const { path, code } of inBinding) expect(call.exec(code)?.[0], path).toBeUndefined()
  })

  test('only core/syscalls.h names SYS_*', () => {
    const naming = native.filter(({ code }) => /\b(SYS|__NR)_\w+/.test(code)).map(({ path }) => path)
    expect(naming).toEqual(['native/core/syscalls.h'])
  })

  test('only binding/napi_setup.h includes napi.h', () => {
    const including = native
      .filter(({ code }) => /#include\s*<(napi|node_api)\.h>/.test(code))
      .map(({ path }) => path)
    expect(including).toEqual(['native/binding/napi_setup.h'])
  })

  test('build.gypi lists every source', () => {
    const { variables } = JSON.parse(read('native/build.gypi')) as { variables: { native_sources: string[] } }
    expect([...variables.native_sources].sort()).toEqual(filesIn('native', /\.cc$/))
  })
})

const isCheckout = existsSync(join(packageRoot, '.git'))

test.runIf(isCheckout)('.gitignore hides no source [needs a git checkout]', () => {
  const list = ['ls-files', '--others', '--ignored', '--exclude-standard', 'lib', 'native', 'test', 'scripts']
  const ignored = output('git', '-c', 'safe.directory=*', '-C', packageRoot, ...list).split('\n')
  expect(ignored.filter((path) => path !== '' && !path.startsWith('test/fixtures/build/'))).toEqual([])
})

describe('documentation', () => {
  const entries = ['dist/index.d.ts', 'dist/syscalls.d.ts'].map((path) => join(packageRoot, path))
  const program = ts.createProgram(entries, { module: ts.ModuleKind.NodeNext, skipLibCheck: true })
  const checker = program.getTypeChecker()

  function exportsOf(entry: string): ts.Symbol[] {
    const file = program.getSourceFile(entry)
    const symbol = file === undefined ? undefined : checker.getSymbolAtLocation(file)
    if (symbol === undefined) throw new Error(`${entry} is no module`)
    return checker
      .getExportsOfModule(symbol)
      .map((one) => ((one.flags & ts.SymbolFlags.Alias) === 0 ? one : checker.getAliasedSymbol(one)))
  }

  const values = exportsOf(entries[0] ?? '').filter(({ flags }) => (flags & ts.SymbolFlags.Value) !== 0)
  const functions = exportsOf(entries[1] ?? '').filter(({ flags }) => (flags & ts.SymbolFlags.Function) !== 0)

  test('has something to look at', () => {
    expect(values.map(({ name }) => name)).toContain('kill')
    expect(functions.map(({ name }) => name)).toContain('setpgid')
  })

  test.each([
    ...values.map((symbol) => [`sigkit: ${symbol.name}`, symbol] as const),
    ...functions.map((symbol) => [`sigkit/syscalls: ${symbol.name}`, symbol] as const),
  ])('%s has a docstring with an example', (_name, symbol) => {
    expect(ts.displayPartsToString(symbol.getDocumentationComment(checker))).not.toBe('')
    expect(symbol.getJsDocTags(checker).map(({ name }) => name)).toContain('example')
  })
})
