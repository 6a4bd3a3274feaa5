/**
 * Fixtures for vitest.
 *
 * @module
 */

export { type GeminiFixtures, geminiTest, type TestEmulator } from './lib/vitest/gemini-test.ts'
