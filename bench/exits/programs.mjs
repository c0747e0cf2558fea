import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

export const folder = join(import.meta.dirname, '..', 'build')

export const program = (name) => join(folder, name)

export function compile() {
  mkdirSync(folder, { recursive: true })
  for (const name of ['crowd', 'victim', 'epoll']) {
    const source = join(import.meta.dirname, `${name}.c`)
    execFileSync('cc', ['-O2', '-o', program(name), source], { stdio: 'inherit' })
  }
}
