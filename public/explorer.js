// Starts Swagger UI on the page of the API explorer. It reads the address of the document from the page, so that this
// file is the same under every context path.
;(() => {
  const place = document.getElementById('explorer')
  // Requests of a page whose own address holds a user and password are refused by the browser: drop them first.
  if (new URL(document.baseURI).username !== '') {
    location.replace(location.origin + location.pathname + location.search + location.hash)
    return
  }
  const root = document.documentElement
  const night = matchMedia('(prefers-color-scheme: dark)')
  const follow = () => {
    const { theme } = root.dataset
    root.classList.toggle('dark-mode', theme === 'night' || (theme !== 'day' && night.matches))
  }
  night.addEventListener('change', follow)
  follow()
  place.textContent = ''
  SwaggerUIBundle({
    url: place.dataset.document,
    dom_id: '#explorer',
    layout: 'BaseLayout',
    presets: [SwaggerUIBundle.presets.apis],
    deepLinking: true,
    docExpansion: 'list',
    defaultModelsExpandDepth: 0,
    displayRequestDuration: true,
    // No outside validator, and no document of the address bar's choice (`?url=`).
    validatorUrl: null,
    queryConfigEnabled: false,
  })
})()
