import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

// The suite runs against what is shipped: dist/ and the addon, loaded by Node itself and not transformed.
export default defineConfig({
  resolve: {
    alias: [
      { find: /^sigkit$/, replacement: at('dist/index.mjs') },
      { find: /^sigkit\/syscalls$/, replacement: at('dist/syscalls.mjs') },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    // A native fault must kill one worker process and be reported, not take the run down.
    pool: 'forks',
    // Most of the time a test waits for a process: two would leave a third of two CPUs unused.
    maxWorkers: 3,
    globalSetup: ['test/helpers/left-behind.ts', 'test/helpers/build-fixtures.ts'],
    server: { deps: { external: [/\/dist\//] } },
    // Generous: a slow machine must not fail, only a hang. What hung is said by the test's own deadline.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    retry: 0,
  },
})
