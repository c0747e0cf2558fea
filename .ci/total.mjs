// Adds up the JSON reports of all runs of the suite: the closing line of .ci/run. Arguments: the folder of the
// reports, and how many steps outside of the suite failed.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const [folder, failedSteps] = process.argv.slice(2)

let passed = 0
let failed = Number(failedSteps)
let skipped = 0
for (const file of readdirSync(folder)) {
  const text = readFileSync(join(folder, file), 'utf8')
  if (text === '') continue
  const report = JSON.parse(text)
  passed += report.numPassedTests
  failed += report.numFailedTests
  skipped += report.numPendingTests + report.numTodoTests
}
if (passed === 0) failed += 1
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`)
process.exitCode = failed === 0 ? 0 : 1
