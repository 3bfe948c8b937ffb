import type { PreparePlan, PrepareStep } from '../../disks/prepare/plan.ts'
import { formatBytesRoughly } from '../output/format.ts'
import type { Output } from '../output/output.ts'
import { printableText } from '../output/printable.ts'

/** What is about to be done, before anybody is asked. */
export function printPlan(plan: PreparePlan, out: Output): void {
  if (out.json) return out.document({ message_type: 'plan', ...planForPrograms(plan) })
  const serial = plan.serial === undefined ? undefined : `serial ${plan.serial}`
  const facts = [formatBytesRoughly(plan.sizeBytes), plan.transport, plan.model, serial].filter(
    (fact) => fact !== undefined,
  )
  out.line(`${plan.device}: ${printableText(facts.join(', '))}`)
  out.line(`holds: ${printableText(plan.holds.join(', ')) || 'nothing that is known'}`)
  if (plan.goesOn) out.line('An earlier run has made the file system; it is kept.')
  if (plan.steps.length === 0) return
  out.line('These are the steps:')
  for (const [index, step] of plan.steps.entries()) {
    const text = `  ${index + 1}. ${describeStep(step, plan)}`
    out.line(step.kind === 'erase' ? out.paint(['red', 'bold'], text) : text)
  }
}

/** One thing that is done, as an order. */
function describeStep(step: PrepareStep, { device, holds, label, uuid, mount, fstab }: PreparePlan): string {
  switch (step.kind) {
    case 'erase':
      return `ERASE ${device}, with ${printableText(holds.join(', '))} (wipefs --all)`
    case 'format':
      return `make an ext4 file system on the whole of ${device}: label ${printableText(label)}, UUID ${uuid} (mkfs.ext4 -m 0)`
    case 'make-mount-point':
      return `make the folder ${printableText(mount)}`
    case 'add-to-fstab':
      return `add to ${printableText(fstab)}: ${printableText(step.line)}`
    case 'mount':
      return `mount it at ${printableText(mount)}`
  }
}

/** After each step. */
export function printDone(step: PrepareStep, detail: string | undefined, plan: PreparePlan, out: Output): void {
  if (out.json) {
    return out.document({
      message_type: 'step_done',
      step: step.kind,
      ...(detail === undefined ? {} : { kept: detail }),
    })
  }
  const kept = detail === undefined ? '' : ` (the table as it was: ${printableText(detail)})`
  out.note(`done: ${describeStep(step, plan)}${kept}`)
}

/** Where to go from here. */
export function printResult(plan: PreparePlan, out: Output): void {
  const { device, uuid, mount, label } = plan
  const repository = `${mount}/hikae`
  if (out.json) {
    return out.document({ message_type: 'prepared', device, label, disk: { uuid, mount }, repository })
  }
  const isNew = plan.steps.length > 0
  out.line(
    `${device} is ${isNew ? '' : 'already '}prepared: mounted at ${printableText(mount)}, and again at every start of this machine that finds it`,
  )
  out.note()
  out.note('In hikae.yaml, so that nothing is ever written when another disk is there, or none:')
  out.note('  repositories:')
  out.note('    usb:')
  out.note(`      local: ${JSON.stringify(repository)}`)
  out.note(`      disk: { uuid: ${uuid}, mount: ${JSON.stringify(mount)} }`)
  out.note()
  out.note('Create the repository:')
  out.note(`  hikae init --repo ${shellWord(repository)}`)
}

function shellWord(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

function planForPrograms(plan: PreparePlan): object {
  const { device, model, serial, transport, sizeBytes, holds, label, uuid, mount, fstab, steps, goesOn } = plan
  return {
    device,
    model: model ?? null,
    serial: serial ?? null,
    transport: transport ?? null,
    size: sizeBytes,
    holds,
    label,
    uuid,
    mount,
    fstab,
    goes_on: goesOn,
    steps: steps.map((step) => ({ ...step, description: describeStep(step, plan) })),
  }
}
