/**
 * Loads the compiled addon through node-gyp-build, and when nothing loads says what was looked for, why it
 * failed, and what to do. A bare "No native build was found" costs its reader an hour.
 */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

interface NodeGypBuild {
  (root: string): unknown
  resolve(root: string): string
}

const packageRoot = join(__dirname, '..')

function glibcVersion(): string | undefined {
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } }
  return report.header?.glibcVersionRuntime
}

function listed(directory: string): string {
  if (!existsSync(directory)) return `${directory} (absent)`
  const files = readdirSync(directory).filter((file) => file.endsWith('.node'))
  return `${directory} (${files.length === 0 ? 'no .node file' : files.join(', ')})`
}

/** What to do, chosen by what the dynamic loader or node-gyp-build said. */
function solutions(cause: string, root: string): string[] {
  if (cause.includes('ERR_DLOPEN_DISABLED') || cause.includes('--no-addons')) {
    return ['Run Node without --no-addons, and with --allow-addons where the permission model is on.']
  }
  const symbolVersion = /version `([^']+)' not found/.exec(cause)
  if (symbolVersion !== null) {
    return [
      `The binary needs ${String(symbolVersion[1])}, and this system has glibc ${glibcVersion() ?? 'unknown'}: use a newer distribution,`,
      `or build it here: cd ${root} && npm install && npm run build`,
    ]
  }
  if (cause.includes('Permission denied') || cause.includes('failed to map segment')) {
    return ['The file cannot be mapped: is it on a noexec mount, or not readable for this user?']
  }
  return [
    'If node_modules was copied from another machine or image, install it again on this one.',
    `If no prebuilt binary exists for this platform, build it: cd ${root} && npm install && npm run build`,
    'If a libc was misdetected, set LIBC=musl or LIBC=glibc.',
  ]
}

/** @internal */
export function loadAddon(): unknown {
  const root = process.env['SIGKIT_PREBUILD'] ?? packageRoot
  let path: string | undefined
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- no types of its own, and CommonJS only
    const nodeGypBuild = require('node-gyp-build') as NodeGypBuild
    path = nodeGypBuild.resolve(packageRoot)
    return nodeGypBuild(packageRoot)
  } catch (error) {
    const cause =
      error instanceof Error ? `${(error as { code?: string }).code ?? ''} ${error.message}` : String(error)
    const libc = glibcVersion() === undefined ? 'musl' : 'glibc'
    const lines = [
      `Could not load the sigkit addon for ${process.platform}-${process.arch} (${libc}, Node ${process.version}).`,
      '',
      'Looked for:',
      ...[
        join(root, 'build', 'Release'),
        join(root, 'build', 'Debug'),
        join(root, 'prebuilds', `${process.platform}-${process.arch}`),
      ].map((directory) => `- ${listed(directory)}`),
      '',
      path === undefined ? 'None of these fits:' : `Tried ${path}:`,
      `- ${cause.trim()}`,
      '',
      'What to do:',
      ...solutions(cause, packageRoot).map((line) => `- ${line}`),
    ]
    throw new Error(lines.join('\n'), { cause: error })
  }
}
