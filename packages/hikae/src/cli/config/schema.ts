import { stackJsonSchema } from '../../config/schema.ts'
import type { CommandContext } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'

export function printSchema({ out }: CommandContext): ExitCode {
  const schema = stackJsonSchema()
  if (out.json) out.document(schema)
  else out.line(JSON.stringify(schema, null, 2))
  return EXIT.succeeded
}
