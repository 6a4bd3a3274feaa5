/** The part of `http.IncomingMessage` a receiver reads, and what frameworks put there. */
export interface NodeRequestLike {
  readonly method?: string | undefined
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** Names and values in turn, as they were sent. */
  readonly rawHeaders?: readonly string[] | undefined
  /** Whether the whole request has arrived. */
  readonly complete?: boolean
  /** Whether somebody has read the body to its end. */
  readonly readableEnded?: boolean
  on(event: 'data', listener: (chunk: Uint8Array) => void): unknown
  on(event: 'end' | 'error' | 'close', listener: () => void): unknown
  pause(): unknown
  resume(): unknown
  removeAllListeners(event: string): unknown
  destroy(): unknown
}

/** The part of `http.ServerResponse` an answer is written with. */
export interface NodeResponseLike {
  readonly headersSent: boolean
  readonly destroyed: boolean
  writeHead(status: number, headers: Record<string, string | number>): unknown
  end(body: string): unknown
}
