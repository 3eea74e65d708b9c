/** A file imported with `{ type: 'file' }` is its path: on disk, or inside the executable. */
declare module '*.css' {
  const path: string
  export default path
}

declare module '*.svg' {
  const path: string
  export default path
}

declare module '*/explorer.js' {
  const path: string
  export default path
}

declare module '*/swagger-ui-bundle.js' {
  const path: string
  export default path
}

declare module '*/chartroom.js' {
  const path: string
  export default path
}

declare module '*/htmx.min.js' {
  const path: string
  export default path
}

declare module '*/source.js' {
  const path: string
  export default path
}

declare module '*/upload.js' {
  const path: string
  export default path
}

declare module '*.woff2' {
  const path: string
  export default path
}
