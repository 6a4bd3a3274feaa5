/** What the model is asked. */
export interface RespondRequest {
  /** Which API asks. */
  readonly kind: 'generateContent' | 'batch' | 'interaction'
  /** The model's name without `models/`, or the agent of an interaction. */
  readonly model: string
  /** Every text of the request in reading order, with a space between two. */
  readonly prompt: string
  /** The request as the client sent it: a GenerateContentRequest, or the body of an interaction. */
  readonly request: Readonly<Record<string, unknown>>
  /** The `key` of a line in a batch's input file. */
  readonly key?: string | undefined
  /** The `metadata` of an inlined request of a batch. */
  readonly metadata?: unknown
}

/**
 * Answers for the model. What it throws fails the request: with status 500, as one failed request of a batch, or as
 * a failed interaction.
 */
export type Respond = (request: RespondRequest) => string | Promise<string>

/** Answers with the prompt: the same for the same prompt, and plainly not a model's. */
export const echo: Respond = ({ prompt }) => `Echo: ${prompt}`
