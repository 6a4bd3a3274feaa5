/** A batch job, as far as this package reads it. */
export interface BatchJobLike {
  /** `batches/…`. */
  name?: string
  /** `JOB_STATE_…`. */
  state?: string
  /** Why the job failed; the Gemini API leaves it out. */
  error?: { code?: number; message?: string }
  /** When it ended, in RFC 3339 format. */
  endTime?: string
  /** Where the responses are. */
  dest?: {
    fileName?: string
    inlinedResponses?: readonly InlinedResponseLike[]
    inlinedEmbedContentResponses?: readonly InlinedResponseLike[]
  }
}

/** One response of a batch with inlined requests. */
export interface InlinedResponseLike {
  response?: object
  error?: { code?: number; message?: string }
  metadata?: Readonly<Record<string, unknown>>
}

/** An interaction, as far as this package reads it. */
export interface InteractionLike {
  id?: string
  status?: string
  /** The model or the agent that answered. */
  model?: unknown
  agent?: unknown
  /** The text of the last output; added by the SDK. */
  output_text?: string | undefined
  steps?: readonly unknown[] | undefined
  errors?: unknown
  /** When it changed last, in RFC 3339 format. */
  updated?: unknown
  webhook_config?: unknown
}

/** A long-running operation of a video job, as the API sends it. */
export interface VideoOperationLike {
  name?: string
  done?: boolean
  error?: { code?: number; message?: string }
  response?: {
    generateVideoResponse?: {
      generatedSamples?: readonly { video?: { uri?: string } }[]
      raiMediaFilteredCount?: number
      raiMediaFilteredReasons?: readonly string[]
    }
  }
}

/** What the SDK's `operations.getVideosOperation` needs of an operation: its name, and how to read the answer. */
export interface VideoOperationReader {
  name?: string
  _fromAPIResponse(parameters: { apiResponse: Record<string, unknown> }): unknown
}

/**
 * The part of a `GoogleGenAI` client that looks up jobs and their results. Clients of `@google/genai` 2 and 3 fit, and
 * so does any object with these methods.
 */
export interface JobClient {
  readonly batches: {
    get(parameters: { name: string; config?: RequestConfig }): Promise<BatchJobLike>
  }
  readonly operations: {
    getVideosOperation(parameters: {
      operation: VideoOperationReader
      config?: RequestConfig
    }): Promise<unknown>
  }
  readonly interactions: {
    get(id: string, parameters?: null, options?: RequestOptions): Promise<InteractionLike>
    create(request: InteractionRequest, options?: RequestOptions): Promise<InteractionLike>
  }
}

/** A request that continues an interaction; other members are passed on as they are. */
export interface InteractionRequest {
  model?: unknown
  agent?: unknown
  previous_interaction_id?: string | undefined
  input?: unknown
  background?: boolean | undefined
  webhook_config?: unknown
}

/** A webhook, as the API shows it. */
export interface WebhookLike {
  id?: string | undefined
  name?: string | undefined
  uri?: string | undefined
  subscribed_events?: readonly string[] | undefined
  state?: string | undefined
  new_signing_secret?: string | undefined
}

/** The part of a `GoogleGenAI` client that manages webhooks. */
export interface WebhookClient {
  readonly webhooks: {
    create(
      webhook: { name: string; uri: string; subscribed_events: string[] },
      options?: RequestOptions,
    ): Promise<WebhookLike>
    list(parameters: { page_size?: number; page_token?: string }): Promise<{
      webhooks?: readonly WebhookLike[] | undefined
      next_page_token?: string | undefined
    }>
    update(
      id: string,
      changes: { uri?: string; subscribed_events?: string[]; state?: 'enabled' },
    ): Promise<WebhookLike>
    delete(id: string): Promise<unknown>
    rotateSigningSecret(
      id: string,
      parameters: { revocation_behavior: RevocationBehavior },
      options?: RequestOptions,
    ): Promise<{ secret?: string | undefined }>
    ping(id: string): Promise<unknown>
  }
}

/** When the signing secrets from before a rotation end. */
export type RevocationBehavior = 'revoke_previous_secrets_after_h24' | 'revoke_previous_secrets_immediately'

/** Options of one request of the SDK for an interaction or a webhook. */
export interface RequestOptions {
  /** How often the SDK repeats a request that failed. */
  maxRetries?: number
  /** Ends the request when it is aborted. With it, the SDK no longer applies the timeout of the client. */
  signal?: AbortSignal
}

/** Options of one request of the SDK for a batch or a video. */
export interface RequestConfig {
  /** Ends the request when it is aborted. */
  abortSignal?: AbortSignal
}
