/**
 * Compiles test/fixtures/*.c once per run into test/fixtures/build/, each only when its source or a header is newer.
 * Plain C programs, so that a test's peer is the kernel and never the code under test. NAME.so.c is a shared library.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'

const sources = join(import.meta.dirname, '..', 'fixtures')
const output = join(sources, 'build')
const flags = ['-std=gnu11', '-D_GNU_SOURCE', '-O1', '-Wall', '-Wextra', '-Werror', '-pthread']

function age(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

export default function buildFixtures(): void {
  const environment = { ...process.env }
  delete environment.LD_PRELOAD // a sanitizer's runtime is for the addon, not for the compiler
  const files = readdirSync(sources)
  const headers = files.filter((name) => name.endsWith('.h')).map((name) => age(join(sources, name)))
  for (const file of files.filter((name) => name.endsWith('.c'))) {
    const source = join(sources, file)
    const binary = join(output, basename(file, '.c'))
    if (age(binary) >= Math.max(age(source), ...headers)) continue
    mkdirSync(output, { recursive: true })
    const kind = file.endsWith('.so.c') ? ['-shared', '-fPIC'] : []
    execFileSync('cc', [...flags, ...kind, '-o', binary, source], { stdio: 'inherit', env: environment })
  }
}
