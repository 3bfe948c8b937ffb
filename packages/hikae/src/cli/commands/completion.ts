import { type Command, command } from '../command.ts'
import { EXIT } from '../exit-codes.ts'

const SHELLS = ['bash', 'zsh', 'fish'] as const

export const completion = command({
  name: 'completion',
  group: 'Program',
  summary: 'Print a script that makes a shell complete hikae commands',
  arguments: [{ name: 'SHELL', help: SHELLS.join(', '), required: true, choices: SHELLS }],
  options: {},
  globals: [],
  examples: [
    ['completion bash > /etc/bash_completion.d/hikae', 'complete in every new bash'],
    ['completion zsh > ~/.zfunc/_hikae', 'the same for zsh, when ~/.zfunc is in its fpath'],
    ['completion fish > ~/.config/fish/completions/hikae.fish', 'the same for fish'],
  ],
  async run({ args }, { out }) {
    const { allCommands } = await import('../commands.ts')
    out.line((await script(args[0] as (typeof SHELLS)[number], await allCommands())).trimEnd())
    return EXIT.succeeded
  },
})

async function script(shell: (typeof SHELLS)[number], commands: readonly Command[]): Promise<string> {
  switch (shell) {
    case 'bash':
      return (await import('../completion/bash.ts')).bashCompletion(commands)
    case 'zsh':
      return (await import('../completion/zsh.ts')).zshCompletion(commands)
    case 'fish':
      return (await import('../completion/fish.ts')).fishCompletion(commands)
  }
}
