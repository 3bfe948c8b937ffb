import { command } from '../command.ts'
import { engineOption } from '../docker/engine-option.ts'

export const dockerUsage = command({
  name: 'docker usage',
  group: 'Keep house',
  summary: 'Tell what takes space in Docker, and what of it is saved',
  description:
    'Images, what containers have written, volumes and the build cache: how much they take, and how much of it is not in use. Then ' +
    'each volume: who uses it, which source of hikae.yaml saves it, how old its last good snapshot is, where that is, and ' +
    'whether a check from this machine has found the repository whole since. Sizes are those that the engine gives; it looks at every ' +
    'file for them. Works without a stack file too, and says nothing of backups then. Exit code 3 when a repository or an engine ' +
    'of the stack file cannot be asked.',
  arguments: [],
  options: { engine: engineOption },
  globals: ['connection', 'output'],
  examples: [
    ['docker usage', 'the engine of this machine'],
    ['docker usage --engine ssh://backup@app.example.com', 'another one'],
  ],
  async run({ options, globals }, context) {
    const { runUsage } = await import('../docker/run-usage.ts')
    return runUsage(options.engine, globals, context)
  },
})
