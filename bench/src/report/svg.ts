/** Colours with enough contrast on white, which every chart has as its background. */
export const PALETTE = {
  ours: '#0b57d0',
  others: '#9aa0a6',
  third: '#b3261e',
  axis: '#dadce0',
  text: '#202124',
}

/** Puts the parts of a chart below its title. */
export function svg(width: number, height: number, title: string, parts: readonly string[]): string {
  const font = 'font-family="system-ui, sans-serif" font-size="12"'
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" ${font} fill="${PALETTE.text}">`,
    `<title>${escapeText(title)}</title>`,
    '<rect width="100%" height="100%" fill="#ffffff"/>',
    `<text x="12" y="22" font-weight="600">${escapeText(title)}</text>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n')
}

/** Escapes text for SVG. */
export function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
