/** A file imported with `{ type: 'file' }` is its path: on disk, or inside the executable. */
declare module '*.md' {
  const path: string
  export default path
}
