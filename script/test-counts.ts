// Prints "PASSED FAILED" from vitest's JSON report (first argument) and its exit code (second). A test file that
// failed outside its tests, a missing report and an exit code that no test explains each count as one failure.
import { existsSync, readFileSync } from 'node:fs'

interface Report {
  numPassedTests: number
  numFailedTests: number
  testResults: { status: string; assertionResults: { status: string }[] }[]
}

const [reportFile = '', exitCode = '1'] = process.argv.slice(2)
let passed = 0
let failed = 0
if (existsSync(reportFile)) {
  const report = JSON.parse(readFileSync(reportFile, 'utf8')) as Report
  passed = report.numPassedTests
  failed = report.numFailedTests
  failed += report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed'),
  ).length
}
if (failed === 0 && (exitCode !== '0' || !existsSync(reportFile))) failed = 1
console.log(`${passed} ${failed}`)
