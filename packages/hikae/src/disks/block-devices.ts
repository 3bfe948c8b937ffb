import { z } from 'zod'

/** A disk, a partition, or what lies on top of one. */
export interface BlockDevice {
  /** `/dev/sdb1` */
  readonly path: string
  /** Major and minor number, `8:17`. */
  readonly number: string
  /** `disk`, `part`, `loop`, `crypt`, `lvm`, `raid1`, `rom`, … */
  readonly type: string
  readonly sizeBytes: number
  readonly readOnly: boolean
  readonly isRemovable: boolean
  /** `usb`, `sata`, `nvme` */
  readonly transport: string | undefined
  readonly model: string | undefined
  readonly serial: string | undefined
  /** As udev saw it: unknown where there is no udev. */
  readonly content: DeviceContent
  readonly children: readonly BlockDevice[]
}

/** What is on a device, as far as it is known. */
export interface DeviceContent {
  /** `ext4`, `crypto_LUKS`, `LVM2_member`, … */
  readonly type?: string | undefined
  readonly label?: string | undefined
  readonly uuid?: string | undefined
  /** `gpt`, `dos` */
  readonly partitionTable?: string | undefined
  readonly partitionTableUuid?: string | undefined
}

/** What {@link parseBlockDevices} understands. */
export const BLOCK_DEVICE_COLUMNS =
  'PATH,MAJ:MIN,TYPE,SIZE,RO,RM,HOTPLUG,TRAN,VENDOR,MODEL,SERIAL,FSTYPE,LABEL,UUID,PTTYPE,PTUUID'

const text = z
  .string()
  .nullish()
  .transform((value) => value?.trim() || undefined)

/** Older versions write `"1"`. */
const truth = z.union([z.boolean(), z.enum(['0', '1']).transform((value) => value === '1')])

const fields = z.object({
  path: z.string(),
  'maj:min': z.string().transform((value) => value.trim()),
  type: z.string(),
  size: z.coerce.number(),
  ro: truth,
  rm: truth,
  hotplug: truth,
  tran: text,
  vendor: text,
  model: text,
  serial: text,
  fstype: text,
  label: text,
  uuid: text,
  pttype: text,
  ptuuid: text,
})

interface Listed extends z.infer<typeof fields> {
  readonly children?: readonly Listed[] | undefined
}

const listed: z.ZodType<Listed> = z.lazy(() => fields.extend({ children: z.array(listed).optional() }))

/** Reads the output of `lsblk --json --bytes`: disks with what lies on them below. */
export function parseBlockDevices(output: string): BlockDevice[] {
  const { blockdevices } = z.object({ blockdevices: z.array(listed) }).parse(JSON.parse(output))
  return blockdevices.map((device) => describe(device, undefined))
}

function describe(device: Listed, parent: BlockDevice | undefined): BlockDevice {
  const own: BlockDevice = {
    path: device.path,
    number: device['maj:min'],
    type: device.type,
    sizeBytes: device.size,
    readOnly: device.ro,
    isRemovable: device.rm || device.hotplug || (parent?.isRemovable ?? false),
    transport: device.tran ?? parent?.transport,
    model: device.model ? vendorAndModel(device) : parent?.model,
    serial: device.serial ?? parent?.serial,
    content: {
      type: device.fstype,
      label: device.label,
      uuid: device.uuid,
      // lsblk names the table of the whole disk at each of its partitions too.
      ...(device.type === 'part' ? {} : { partitionTable: device.pttype, partitionTableUuid: device.ptuuid }),
    },
    children: [],
  }
  return { ...own, children: (device.children ?? []).map((child) => describe(child, own)) }
}

function vendorAndModel({ vendor, model = '' }: Listed): string {
  const isName = vendor !== undefined && !/^(0x|ATA\b)/.test(vendor) && !model.startsWith(vendor)
  return isName ? `${vendor} ${model}` : model
}
