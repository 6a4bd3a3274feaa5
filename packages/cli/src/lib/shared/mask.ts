/** Shows as much of a secret as tells it from another: its prefix and its last four characters. */
export function maskSecret(secret: string): string {
  const prefix = secret.startsWith('whsec_') ? 'whsec_' : ''
  return `${prefix}...${secret.length - prefix.length > 8 ? secret.slice(-4) : ''}`
}
