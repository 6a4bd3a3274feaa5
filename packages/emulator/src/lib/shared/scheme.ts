/** How a delivery is signed: `v1` with a registered webhook's secrets, or with the emulator's keys. */
export type Scheme = 'static' | 'dynamic'
