/** The binary that is under test: the one that node-gyp-build finds, SIGKIT_PREBUILD included. */
import { createRequire } from 'node:module'
import { join } from 'node:path'

export const packageRoot = join(import.meta.dirname, '..', '..')

const nodeGypBuild = createRequire(import.meta.url)('node-gyp-build') as { path(root: string): string }

export const addonPath = nodeGypBuild.path(packageRoot)
