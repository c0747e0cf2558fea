// What users get: packs the project, installs the tarball without scripts and without a compiler on the path into an
// empty project, and uses it from `import` and `require`. Then the package's own checks (publint, attw).
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const folder = mkdtempSync(join(tmpdir(), 'sigkit-tarball-'))
const run = (command, args, options = {}) =>
  execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], ...options })

try {
  const [{ filename, files }] = JSON.parse(
    run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder]),
  )
  const tarball = join(folder, filename)
  const names = files.map(({ path }) => path)
  for (const needed of ['dist/index.js', 'dist/index.mjs', 'dist/cli/main.js', 'LICENSE', 'README.md']) {
    if (!names.includes(needed)) throw new Error(`${needed} is not in the tarball`)
  }
  if (!names.some((name) => name.startsWith('prebuilds/'))) throw new Error('no prebuild is in the tarball')

  // A path with node and nothing else on it: whatever wants a compiler fails.
  const bin = join(folder, 'bin')
  const empty = join(folder, 'project')
  run('mkdir', [bin, empty])
  symlinkSync(process.execPath, join(bin, 'node'))
  writeFileSync(join(empty, 'package.json'), '{ "private": true }')
  run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', tarball], { cwd: empty })

  const program =
    "if (tryKill(99999999, 0) !== 'ESRCH' || kill(process.pid, 0) !== undefined) process.exit(1)"
  writeFileSync(
    join(empty, 'use.mjs'),
    `import { kill, tryKill } from 'sigkit'\nimport 'sigkit/syscalls'\nimport 'sigkit/init'\n${program}`,
  )
  writeFileSync(
    join(empty, 'use.cjs'),
    `const { kill, tryKill } = require('sigkit')\nrequire('sigkit/syscalls')\nrequire('sigkit/init')\n${program}`,
  )
  for (const file of ['use.mjs', 'use.cjs'])
    run(join(bin, 'node'), [file], { cwd: empty, env: { PATH: bin } })

  // The command, as npx and a Dockerfile's ENTRYPOINT find it.
  run(join(empty, 'node_modules', '.bin', 'sigkit'), ['init', '-s', '--', join(bin, 'node'), '-e', '0'], {
    cwd: empty,
    env: { PATH: bin },
    stdio: 'inherit',
  })

  run('npx', ['--no-install', 'publint', 'run', '--strict', tarball], { stdio: 'inherit' })
  run('npx', ['--no-install', 'attw', '--profile', 'node16', tarball], { stdio: 'inherit' })
  console.log(`${filename}: ${names.length} files, loads without a compiler (${dirname(tarball)})`)
} finally {
  rmSync(folder, { recursive: true })
}
