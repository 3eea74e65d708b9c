import type { Page } from '../../views/page.ts'

/** What a page knows of a request, as a signed-in reader of one repository would have it. */
export function pageFor(changes: Partial<Page> = {}): Page {
  return {
    contextPath: '',
    repo: '',
    inRepository: true,
    repository: '',
    list: '/',
    repositories: [],
    moreRepositories: false,
    language: 'en',
    theme: 'auto',
    shortcuts: true,
    user: 'alice',
    access: 'closed',
    authentication: 'basic',
    canRead: true,
    canUpload: true,
    canDelete: true,
    uploadNeeds: undefined,
    publicUrl: 'https://charts.example.com',
    repositoryUrl: 'https://charts.example.com',
    alias: 'chartroom',
    version: '0.1.0',
    assets: {
      stylesheet: '/s.css',
      icon: '/i.svg',
      sprite: '/icons.svg',
      htmx: '/htmx.js',
      script: '/c.js',
      font: '/f.woff2',
    },
    address: '/',
    now: Date.UTC(2026, 10, 22, 12),
    ...changes,
  }
}
