/** What `vite build` writes to `dist/built-page.js`. */
export declare const script: string
export declare const style: string
