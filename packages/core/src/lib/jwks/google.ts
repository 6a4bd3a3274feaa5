/**
 * The URL at which Google publishes the public keys of dynamic webhooks.
 *
 * @see https://ai.google.dev/gemini-api/docs/webhooks
 */
export const GOOGLE_JWKS_URL = 'https://generativelanguage.googleapis.com/.well-known/jwks.json'
