// How other libraries verify the same body: each with the headers that its own senders write.
import { createHmac } from 'node:crypto'
import { sign as signOctokit, verify as verifyOctokit } from '@octokit/webhooks-methods'
import OpenAI from 'openai'
import { Webhook as StandardWebhook } from 'standardwebhooks'
import Stripe from 'stripe'
import { Webhook as SvixWebhook } from 'svix'
import { type Delivery, nowSeconds, SECRET } from './deliveries.ts'

/** Verifies one delivery of a fixed body. Throws or rejects if it is not genuine. */
export type PeerVerify = () => unknown

const standard = new StandardWebhook(SECRET)
const svix = new SvixWebhook(SECRET)
const { webhooks: openai } = new OpenAI({ apiKey: 'none', webhookSecret: SECRET })
const stripe = new Stripe('none')

/** The libraries that verify without parsing, and those that always parse. Given text, because they take nothing else. */
export async function peersFor({ headers, body }: Delivery): Promise<{
  verify: Record<string, PeerVerify>
  parse: Record<string, PeerVerify>
}> {
  const seconds = nowSeconds()
  const stripeMac = createHmac('sha256', SECRET).update(`${seconds}.`).update(body).digest('hex')
  const stripeHeader = `t=${seconds},v1=${stripeMac}`
  const octokitHeader = await signOctokit(SECRET, body.toString())
  const isGenuine = async () => {
    if (!(await verifyOctokit(SECRET, body.toString(), octokitHeader))) throw new Error('octokit refuses it')
  }
  return {
    verify: {
      octokit: isGenuine,
      openai: () => openai.verifySignature(body.toString(), headers, SECRET, 3_600),
    },
    parse: {
      standardwebhooks: () => standard.verify(body, headers),
      svix: () => svix.verify(body, headers),
      'stripe-node': () => stripe.webhooks.constructEvent(body, stripeHeader, SECRET, 3_600),
    },
  }
}
