// lambda.ts
import type { LambdaFunctionURLHandler } from 'aws-lambda'
import { receiver } from './receiver.ts'

export const handler: LambdaFunctionURLHandler = async (event) => {
  const body = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8')
  const { method } = event.requestContext.http
  const answer = await receiver.receive({ method, headers: event.headers, body })
  return { statusCode: answer.status, headers: { ...answer.headers }, body: answer.body }
}
