import { discardBody, type HttpSender } from '../http/http-message.ts'

/**
 * Asks AWS where a bucket is. That needs no credentials, and is answered also for buckets that one may not read.
 *
 * @returns undefined when there is no such bucket
 */
export async function askForRegion(
  sender: HttpSender,
  bucket: string,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const url = new URL(`https://s3.us-east-1.amazonaws.com/${bucket}`)
  const answer = await sender.send({ method: 'HEAD', url, ...(signal && { signal }) })
  await discardBody(answer)
  return answer.headers['x-amz-bucket-region']
}
