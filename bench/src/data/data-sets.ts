import { big } from './big.ts'
import { blobs } from './blobs.ts'
import type { DataSet, DataSetName } from './data-set.ts'
import { mixed } from './mixed.ts'
import { remote } from './remote.ts'
import { million, small } from './small.ts'
import { sparse } from './sparse.ts'
import { volume } from './volume.ts'

export const dataSets: readonly DataSet[] = [mixed, big, small, million, sparse, blobs, ...remote, volume]
export const dataSetNames: readonly DataSetName[] = dataSets.map(({ name }) => name)
