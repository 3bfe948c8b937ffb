import { InputError } from '../../errors.ts'
import { startProgram } from '../../process/program.ts'
import { ProgramFailedError } from '../../process/program-failed-error.ts'
import type { CommandContext } from '../context.ts'
import { printableText } from '../output/printable.ts'
import type { StreamInput } from './stream-input.ts'

/** What a program prints. When it fails, the stream throws at its end, and no snapshot is made. */
export function commandInput(args: readonly string[], { out }: CommandContext): StreamInput {
  const [program = ''] = args
  return {
    description: `the output of ${program}`,
    async *open(signal) {
      await using running = startProgram(args, {
        signal,
        onComplaint: (line) => {
          out.problem(`${program}: ${printableText(line)}`, { message_type: 'command_output', program, line })
        },
      })
      try {
        yield* running.stdout
        await running.succeeded()
      } catch (error) {
        throw error instanceof ProgramFailedError ? withoutSnapshot(error) : error
      }
    },
  }
}

function withoutSnapshot({ message, hint, cause }: ProgramFailedError): InputError {
  return new InputError(`${message}; no snapshot was made`, { ...(hint === undefined ? {} : { hint }), cause })
}
