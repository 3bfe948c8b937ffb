import type { IncomingMessage, ServerResponse } from 'node:http'
import { FileExistsError, FileMissingError } from '@hikae/engine'
import { type AccessRules, checkAccess } from './access.ts'
import { sendFile } from './download.ts'
import { sendList } from './listing.ts'
import type { BlobOperation, Metrics } from './metrics.ts'
import type { Quota } from './quota.ts'
import { RefusedRequest } from './refused-request.ts'
import type { RequestTarget } from './request-target.ts'
import { repositoryName, type Storage } from './storage.ts'
import { storeUpload } from './upload.ts'

/** What requests act on. */
export interface Service {
  readonly storage: Storage
  readonly rules: AccessRules
  /** Compare uploads with their names. */
  readonly verifyUploads: boolean
  readonly quota: Quota | undefined
  /** Shown at `/metrics`; absent when nobody wants them. */
  readonly metrics: Metrics | undefined
}

/** A request of somebody whose name is proven; empty when names are not asked for. */
export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly user: string
}

type FileTarget = Extract<RequestTarget, { kind: 'file' }>

/** With private repositories, whoever has this name sees the numbers of all, as with restic's own server. */
const METRICS_USER = 'metrics'

/**
 * Does what a request asks for, and answers it.
 *
 * @throws {RefusedRequest} nothing was answered yet
 */
export async function answer(exchange: Exchange, target: RequestTarget, service: Service): Promise<void> {
  const { request, response, user } = exchange
  checkAccess(target, request.method ?? '', user, service.rules)
  switch (target.kind) {
    case 'metrics':
      return sendMetrics(exchange, service)
    case 'repository':
      if (!target.create) throw new RefusedRequest(400, 'a repository is created with ?create=true')
      await (await service.storage.repository(target.folders)).create()
      return succeed(response)
    case 'list': {
      const repository = await service.storage.repositoryToList(target.folders, target.type)
      return sendList(response, repository.list(target.type), request.headers.accept)
    }
    case 'file':
      return answerFile(exchange, target, service)
  }
}

async function answerFile(exchange: Exchange, target: FileTarget, service: Service): Promise<void> {
  switch (exchange.request.method) {
    case 'POST':
      return upload(exchange, target, service)
    case 'DELETE':
      return remove(exchange, target, service)
    default:
      return download(exchange, target, service)
  }
}

async function download({ request, response, user }: Exchange, target: FileTarget, service: Service): Promise<void> {
  const opened = await service.storage.openFile(target.folders, target.type, target.name)
  const bytes = await sendFile(request, response, opened)
  if (request.method === 'GET') record('read', bytes, user, target, service)
}

async function upload({ request, response, user }: Exchange, target: FileTarget, service: Service): Promise<void> {
  const { folders, type: kind, name } = target
  const repository = await service.storage.repositoryToChange(folders, kind, name)
  if (await isStored(() => repository.size(kind, name))) throw new FileExistsError(repositoryName(folders), kind, name)
  using reservation = service.quota?.reservation()
  const verify = service.verifyUploads
  const bytes = await storeUpload({ request, response, repository, kind, name, verify, reservation })
  succeed(response)
  record('write', bytes, user, target, service)
}

/** Succeeds as well when the file has gone before: a client that asks again may have missed the first answer. */
async function remove({ response, user }: Exchange, target: FileTarget, service: Service): Promise<void> {
  const { folders, type: kind, name } = target
  const repository = await service.storage.repositoryToChange(folders, kind, name)
  let bytes = 0
  const removed = await isStored(async () => {
    bytes = await repository.size(kind, name)
    await repository.remove(kind, name)
  })
  if (removed) {
    service.quota?.removed(bytes)
    record('delete', bytes, user, target, service)
  }
  succeed(response)
}

function sendMetrics({ response, user }: Exchange, { metrics, rules }: Service): void {
  if (metrics === undefined) throw new RefusedRequest(404, 'this server shows no metrics: start it with --prometheus')
  const onlyOwn = rules.privateRepositories && user !== METRICS_USER && user !== ''
  response.setHeader('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  response.end(metrics.text(onlyOwn ? user : undefined))
}

function record(operation: BlobOperation, bytes: number, user: string, target: FileTarget, service: Service): void {
  const repository = repositoryName(target.folders)
  service.metrics?.record({ operation, user, repository, kind: target.type, bytes })
}

function succeed(response: ServerResponse): void {
  response.setHeader('content-length', 0)
  response.end()
}

async function isStored(look: () => Promise<unknown>): Promise<boolean> {
  try {
    await look()
    return true
  } catch (error) {
    if (error instanceof FileMissingError) return false
    throw error
  }
}
