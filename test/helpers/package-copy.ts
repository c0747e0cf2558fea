/** A second copy of the package in a directory of its own, as two dependants of one program can have it. */
import { cpSync, mkdirSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type * as Sigkit from 'sigkit'
import { addonPath, packageRoot } from './addon.js'
import { temporaryDirectory } from './temporary-directory.js'

export function copyPackage(): string {
  const copy = temporaryDirectory()
  for (const part of ['dist', 'package.json'])
    cpSync(join(packageRoot, part), join(copy, part), { recursive: true })
  const addon = join(copy, 'build', 'Release', 'sigkit.node')
  mkdirSync(dirname(addon), { recursive: true })
  cpSync(addonPath, addon)
  symlinkSync(join(packageRoot, 'node_modules'), join(copy, 'node_modules'))
  return copy
}

export function requireCopy(copy: string): typeof Sigkit {
  return createRequire(join(copy, 'package.json'))('./dist/index.js') as typeof Sigkit
}
