import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

// Threads of the engine load its TypeScript anew, hundreds of times: stripped and compiled once, each takes a third.
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, '.cache/node')

const conditions = ['@hikae/source']
const resolve = { conditions }
const ssr = { resolve: { conditions, externalConditions: conditions } }

export default defineConfig({
  test: {
    // Tests mostly wait for programs that they start: by default one of two cores would be left over.
    maxWorkers: Math.max(2, availableParallelism()),
    // A machine that was too slow is asked once more (and the report says so); a wrong result never is.
    retry: { count: 1, condition: /timed out in \d+ms|ran longer than \d+ ms/ },
    projects: [
      {
        resolve,
        ssr,
        // One process runs many files: starting one for each, and loading the engine in it, was a third of their time.
        test: { name: 'unit', include: ['{packages/*,bench}/src/**/*.test.ts'], testTimeout: 30_000, isolate: false },
      },
      {
        resolve,
        ssr,
        test: {
          name: 'integration',
          include: ['packages/*/test/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        resolve,
        ssr,
        test: { name: 'e2e', include: ['e2e/**/*.test.ts'], testTimeout: 180_000, hookTimeout: 120_000 },
      },
    ],
  },
})
