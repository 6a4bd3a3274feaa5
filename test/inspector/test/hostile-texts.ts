/** Texts that would do something where text is taken for markup, for a command, or for another direction. */
export const HOSTILE = [
  '<script>window.hacked = true</script>',
  '<img src=x onerror="window.hacked = true">',
  '"><svg/onload=window.hacked=true>',
  "javascript:window.hacked=true//'",
  '</textarea></pre></title><iframe srcdoc="<script>parent.hacked=true</script>">',
  '{{constructor.constructor("window.hacked=true")()}}',
  '\u202e gnp.exe\u202c\u2066right to left\u2069 \u0645\u0631\u062d\u0628\u0627',
  'nul \u0000 bell \u0007 escape \u001b[31m end \u2028 line \u2029',
  '𝕳é̵̢̛l̷l̶o̴ 👩‍👩‍👧 \ud83d lone surrogate',
  'x'.repeat(5000),
  'with spaces '.repeat(500),
  '__proto__',
]
