/** The part of `http.IncomingMessage` a receiver reads, and what frameworks add to it. */
export interface NodeRequestLike {
  readonly method?: string | undefined
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** Names and values alternately, as sent. */
  readonly rawHeaders?: readonly string[] | undefined
  /** Whether the whole request has arrived. */
  readonly complete?: boolean
  /** Whether the body has been read to its end. */
  readonly readableEnded?: boolean
  /** The connection, for its peer address. */
  readonly socket?: { readonly remoteAddress?: string | undefined } | null
  on(event: 'data', listener: (chunk: Uint8Array) => void): unknown
  on(event: 'end' | 'error' | 'close', listener: () => void): unknown
  pause(): unknown
  resume(): unknown
  destroy(): unknown
}

/** The part of `http.ServerResponse` that writes an answer. */
export interface NodeResponseLike {
  readonly headersSent: boolean
  readonly destroyed: boolean
  writeHead(status: number, headers: Record<string, string | number>): unknown
  write(body: string): unknown
  end(body?: string): unknown
}
