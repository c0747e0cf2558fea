// `npm install` in a checkout ends here: builds the addon and the TypeScript. A missing tool is named, with the
// line that installs it, instead of leaving the reader with node-gyp's trace.
import { spawnSync } from 'node:child_process'

const tools = [
  ['python3', 'python3', 'node-gyp runs on it'],
  ['make', 'make', 'node-gyp builds with it'],
  ['g++', 'g++', 'it compiles the addon'],
]

const works = (command) => spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0

if (process.platform === 'linux') {
  const missing = tools.filter(([command]) => !works(command))
  if (missing.length > 0) {
    for (const [command, , why] of missing) console.error(`sigkit: ${command} is missing: ${why}.`)
    console.error(
      `sigkit: on Debian or Ubuntu: apt-get install -y ${missing.map(([, name]) => name).join(' ')}`,
    )
    process.exit(1)
  }
}

const steps = process.platform === 'linux' ? ['build:native', 'build:ts'] : ['build:ts']
for (const step of steps) {
  const { status } = spawnSync('npm', ['run', '--silent', step], {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
  if (status !== 0) process.exit(status ?? 1)
}
