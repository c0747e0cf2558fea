// clang-format and clang-tidy over native/: `format`, `check`, `tidy`. Both come from the distribution's packages.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const [mode] = process.argv.slice(2)

const sources = readdirSync('native', { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && /\.(cc|h)$/.test(entry.name))
  .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
  .sort()

function run(command, args, debianPackage = command) {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit' })
  if (error !== undefined) {
    console.error(
      `sigkit: ${command} is missing (${error.message}); on Debian or Ubuntu: apt-get install -y ${debianPackage}`,
    )
    process.exit(1)
  }
  if (status !== 0) process.exit(status ?? 1)
}

if (mode === 'format') run('clang-format', ['-i', ...sources])
else if (mode === 'check') run('clang-format', ['--dry-run', '-Werror', ...sources])
else if (mode === 'tidy') {
  const database = 'build-cmake/build'
  if (!existsSync(join(database, 'compile_commands.json'))) run('npm', ['run', '--silent', 'build:cmake'])
  const listed = JSON.parse(readFileSync('native/build.gypi', 'utf8')).variables.native_sources
  // One clang-tidy for each CPU. It takes patterns, not names.
  const patterns = listed.map((source) => `/${source}$`)
  run('run-clang-tidy', ['-p', database, '-quiet', ...patterns], 'clang-tidy')
} else {
  console.error('usage: node scripts/clang.mjs format | check | tidy')
  process.exit(2)
}
