// supabase.ts: supabase/functions/gemini/index.ts
import { receiver } from './receiver.ts'

Deno.serve((request) => receiver.fetch(request))
