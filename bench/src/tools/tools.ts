import { borg } from './borg.ts'
import { hikae } from './hikae.ts'
import { restic } from './restic.ts'
import { tar } from './tar.ts'
import { ToolMissingError, type Tool, type ToolContext, type ToolName } from './tool.ts'

const tools = { hikae, restic, borg, tar }

export const toolNames = Object.keys(tools) as ToolName[]

/** Opens the wanted tools in order; `onMissing` hears why one is left out. */
export async function openTools(
  wanted: readonly ToolName[],
  context: ToolContext,
  onMissing: (name: ToolName, reason: string) => void,
): Promise<Tool[]> {
  const found: Tool[] = []
  for (const name of wanted) {
    try {
      found.push(await tools[name](context))
    } catch (error) {
      if (!(error instanceof ToolMissingError)) throw error
      onMissing(name, error.message)
    }
  }
  return found
}
