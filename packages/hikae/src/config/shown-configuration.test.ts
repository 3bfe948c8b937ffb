import { writeFile } from 'node:fs/promises'
import { makeTempDir } from '@hikae/testkit'
import { describe, test as base } from 'vitest'
import type { Environment } from '../environment.ts'
import { loadStack } from './load.ts'
import { shownConfiguration } from './shown-configuration.ts'

const test = base.extend('shown', async ({}, { onCleanup }) => {
  const dir = await makeTempDir()
  onCleanup(() => dir[Symbol.asyncDispose]())
  return async (text: string, env: Environment, included = '') => {
    await writeFile(dir.join('hikae.yaml'), text)
    await writeFile(dir.join('more.yaml'), included)
    return shownConfiguration((await loadStack(dir.join('hikae.yaml'), env)).document, env)
  }
})

describe('the configuration in force', () => {
  test('has what is included, and values of variables', async ({ shown, expect }) => {
    const text = `version: 1\nstack: \${NAME}\ninclude: [more.yaml]\nrepositories: { a: { local: "\${BASE:-/mnt}/a", password: { env: P } } }\n`
    const included = `repositories: { b: { local: "\${BASE:-/mnt}/b$$", password: { command: [pass, show] } } }\n`
    expect(await shown(text, { NAME: 'shop' }, included)).toEqual({
      version: 1,
      stack: 'shop',
      repositories: {
        a: { local: '/mnt/a', password: { env: 'P' } },
        b: { local: '/mnt/b$', password: { command: ['pass', 'show'] } },
      },
    })
  })

  test('shows no secret, however it came in', async ({ shown, expect }) => {
    const text = `version: 1
repositories:
  literal: { local: /a, password: hunter2 }
  variable: { local: "/\${WORD}/x", password: "\${WORD}" }
  default: { local: /c, password: "\${ABSENT:-hunter2}" }
  file: { local: /d, password: { file: "/run/\${WORD}" } }
  command: { local: /e, password: { command: [print, "\${WORD}", plain] } }
  reference: { local: "/\${OTHER}", password: { env: OTHER } }
  named: { local: "/\${DB_PASSWORD:-hunter2}", password: { env: P } }
  address: { rest: "https://me:hunter2@backup.example.com/x", password: { env: P } }
  part: { rest: "https://me:\${PLAIN}@backup.example.com/y", password: { env: P } }
`
    const found = await shown(text, { WORD: 'hunter2', OTHER: 'hunter2', PLAIN: 'hunter2' })
    expect(JSON.stringify(found)).not.toContain('hunter2')
    expect(found['repositories']).toEqual({
      literal: { local: '/a', password: '•••' },
      variable: { local: '/•••/x', password: '•••' },
      default: { local: '/c', password: '•••' },
      file: { local: '/d', password: { file: '•••' } },
      command: { local: '/e', password: { command: ['print', '•••', 'plain'] } },
      reference: { local: '/•••', password: { env: 'OTHER' } },
      named: { local: '/•••', password: { env: 'P' } },
      address: { rest: 'https://me:•••@backup.example.com/x', password: { env: 'P' } },
      part: { rest: 'https://me:•••@backup.example.com/y', password: { env: 'P' } },
    })
  })
})
