/** @jsxImportSource preact */
import { inside, type Page } from './page.ts'
import { uploadWords } from './words/upload.ts'

/** What covers the page while files are dragged over it. upload.js shows it, and uploads what is dropped. */
export function DropHere({ page }: { page: Page }) {
  const words = uploadWords[page.language]
  if (!page.canUpload) return null
  return (
    <div
      id="drop-here"
      class="drop-here"
      hidden
      data-upload={inside(page, 'upload')}
      data-title={words.titleTo(page.repo.split('/').join(' / '))}
      data-dismiss={words.close}
    >
      {words.dropHere(page.repo.split('/').join(' / '))}
    </div>
  )
}
