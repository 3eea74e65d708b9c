import type { InLanguages } from './language.ts'

const en = {
  title: 'API explorer',
  lede: 'Every endpoint of this server. “Try it out” sends real requests: uploads are stored, and deletes delete.',
  helm: ['Helm protocol', 'index.yaml and charts/…: what helm repo and helm pull read.'],
  api: [
    'Chart API',
    'Below /api: list, read, upload and delete charts, for curl, helm cm-push and programs.',
  ],
  health: ['Health', '/livez, /readyz and /health for probes; they never ask for credentials.'],
  needsScript: 'The explorer needs JavaScript. Without it, read',
  document: 'the OpenAPI document',
}

/** The words around Swagger UI. */
export const explorerWords: InLanguages<typeof en> = {
  en,
  'zh-CN': {
    title: 'API 浏览器',
    lede: '本服务器的全部接口。“Try it out” 会发送真实请求：上传会被保存，删除会真正删除。',
    helm: ['Helm 协议', 'index.yaml 和 charts/…：供 helm repo 与 helm pull 读取。'],
    api: ['Chart API', '位于 /api 之下：列出、读取、上传和删除 Chart，供 curl、helm cm-push 及程序使用。'],
    health: ['健康检查', '/livez、/readyz 和 /health 供探针使用，无需凭据。'],
    needsScript: 'API 浏览器需要 JavaScript。没有时请阅读',
    document: 'OpenAPI 文档',
  },
}
