/**
 * Compiles test/fixtures/*.c once per run into test/fixtures/build/, each only when its source is newer. Plain C
 * programs, so that a test's peer is the kernel and never the code under test.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'

const sources = join(import.meta.dirname, '..', 'fixtures')
const output = join(sources, 'build')

function age(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

export default function buildFixtures(): void {
  for (const file of readdirSync(sources).filter((name) => name.endsWith('.c'))) {
    const source = join(sources, file)
    const binary = join(output, basename(file, '.c'))
    if (age(binary) >= age(source)) continue
    mkdirSync(output, { recursive: true })
    execFileSync('cc', ['-std=gnu11', '-O1', '-Wall', '-Wextra', '-Werror', '-pthread', '-o', binary, source], {
      stdio: 'inherit',
    })
  }
}
