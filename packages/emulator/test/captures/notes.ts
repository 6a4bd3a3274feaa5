const CANNED = "The capture's server gave a fixed answer; the emulator shows what it holds."
const EMPTY = 'The emulator always answers with JSON, which the SDK demands.'
const NEVER = 'The emulator has no such answer.'
const FAMILY =
  'A webhook or an interaction has the error envelope that was seen live: a string code, no status.'
const OWN_URI =
  "404: the SDK pastes the whole URI into the path. The emulator names files by Google's URIs only."

/** Why the outcome of a replayed call differs from the capture. */
export const NOTES: Readonly<Record<string, string>> = {
  'webhooks.create.minimal_response': CANNED,
  'webhooks.create.unknown_event': '400, as from Google: there are no such fields and no such event type.',
  'webhooks.get.prefixed_id': '404: `webhooks/…` is not an id.',
  'webhooks.get.textplain': EMPTY,
  'webhooks.update.mask': CANNED,
  'webhooks.delete.emptybody': EMPTY,
  'webhooks.delete.204': EMPTY,
  'webhooks.ping.emptybody': EMPTY,
  'interactions.create.agent': CANNED,
  'interactions.create.function_result': CANNED,
  'interactions.create.minimal_response': CANNED,
  'interactions.create.video': CANNED,
  'interactions.delete.204': EMPTY,
  'interactions.get.completed_video': 'The steps begin with the input, as those of a text do.',
  'interactions.get.include_input': CANNED,
  'interactions.get.queued': 'Jobs do not queue: they are in progress at once.',
  'interactions.get.requires_action': 'The steps begin with the input, as those of an answer do.',
  'batches.create.docs_snake_case': CANNED,
  'batches.create.inlined_obj': CANNED,
  'batches.create.minimal_response': CANNED,
  'batches.createEmbeddings': CANNED,
  'batches.delete.empty200': EMPTY,
  'batches.get.job_state_names': CANNED,
  'batches.get.succeeded_file.response_only': 'The output is in `metadata` too, where the SDK reads it.',
  'batches.get.succeeded_inline': 'Prompt and answer are counted too.',
  'operations.getVideosOperation.rai': 'The reason is another text.',
  'files.upload.json_path_nomime': CANNED,
  'files.upload.path': CANNED,
  'files.download.file_obj': OWN_URI,
  'files.download.generated_video': OWN_URI,
  'files.download.gs_uri': '404: the SDK pastes the whole URI into the path.',
  'files.download.uri_string': OWN_URI,
  'files.download.video': OWN_URI,
  'errors.webhooks.400': FAMILY,
  'errors.webhooks.401': FAMILY,
  'errors.webhooks.403': FAMILY,
  'errors.webhooks.404': FAMILY,
  'errors.webhooks.409': FAMILY,
  'errors.webhooks.429': FAMILY,
  'errors.webhooks.500': FAMILY,
  'errors.webhooks.text': NEVER,
  'errors.interactions.404': FAMILY,
  'errors.batches.text': NEVER,
}
