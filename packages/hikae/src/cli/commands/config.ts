import { command } from '../command.ts'

export const configCheck = command({
  name: 'config check',
  group: 'Program',
  summary: 'Check the stack file and what it includes',
  description:
    'Shows all that is wrong at once, with file, line and column, and what works but should be otherwise. Nothing is ' +
    'connected to, and no secret is read. Exit code 2 when something is wrong.',
  arguments: [],
  options: {},
  globals: ['connection', 'output'],
  examples: [
    ['config check', 'the stack file that other commands would use'],
    ['config check --config /srv/app/hikae.yaml', 'another one'],
  ],
  async run({ globals }, context) {
    const { checkConfiguration } = await import('../config/check.ts')
    return checkConfiguration(globals, context)
  },
})

export const configShow = command({
  name: 'config show',
  group: 'Program',
  summary: 'Print the configuration that is in force',
  description:
    'The stack file with all that it includes and with values of variables, as YAML. Secrets are shown as references; ' +
    'where one is written out, or comes from a variable, there is ••• instead.',
  arguments: [],
  options: {},
  globals: ['connection', 'output'],
  examples: [
    ['config show', 'as YAML'],
    ['config show --json', 'for programs'],
  ],
  async run({ globals }, context) {
    const { showConfiguration } = await import('../config/show.ts')
    return showConfiguration(globals, context)
  },
})

export const configSchema = command({
  name: 'config schema',
  group: 'Program',
  summary: 'Print the JSON Schema of the stack file, for editors',
  description:
    'JSON Schema, draft 2020-12, with descriptions and examples. Editors that use yaml-language-server complete and check ' +
    'the stack file when its first line is `# yaml-language-server: $schema=hikae.schema.json`.',
  arguments: [],
  options: {},
  globals: ['output'],
  examples: [['config schema > hikae.schema.json', 'beside hikae.yaml']],
  async run(_, context) {
    const { printSchema } = await import('../config/schema.ts')
    return printSchema(context)
  },
})
