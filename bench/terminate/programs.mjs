import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

const folder = join(import.meta.dirname, '..', 'build')
const NAMES = ['bystanders', 'tree', 'kill-tree']

export const program = (name) => join(folder, name)

export function compile() {
  mkdirSync(folder, { recursive: true })
  for (const name of NAMES) {
    const source = join(import.meta.dirname, `${name}.c`)
    execFileSync('cc', ['-O2', '-Wall', '-o', program(name), source], { stdio: 'inherit' })
  }
}
