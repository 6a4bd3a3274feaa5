import './status.css'

export const metadata = { title: 'Gemini webhooks', robots: 'noindex' }

export default ({ children }: { children: React.ReactNode }) => (
  <html lang="en">
    <body>{children}</body>
  </html>
)
