import { UsageError } from '../../errors.ts'

export function anyText(text: string): string {
  return text
}

export function someText(text: string): string {
  if (text.trim() === '') throw new UsageError('the value is empty')
  return text
}
