import { binary, etag, failure, ifNoneMatch, notFound, notModified, unavailable } from './answers.ts'
import type { MediaDoc, OperationDoc, ResponseDoc } from '../operation-doc.ts'

const html: Record<string, MediaDoc> = { 'text/html': { schema: { type: 'string' } } }

const documentAnswer: ResponseDoc = {
  description: 'This document.',
  headers: { ETag: etag },
  content: { 'application/json': { schema: { type: 'object', required: ['openapi', 'info', 'paths'] } } },
}

/** GET / */
export const homeDoc: OperationDoc = {
  id: 'readHome',
  tag: 'Pages',
  summary: 'The home page',
  description:
    'The charts of the repository, searched, filtered and sorted by the query; without charts how to begin. Where ' +
    'repositories have a path, the repositories.',
  headers: [ifNoneMatch],
  responses: {
    200: { description: 'The page.', headers: { ETag: etag }, content: html },
    304: notModified,
    503: unavailable,
  },
}

/** GET /-/api */
export const explorerDoc: OperationDoc = {
  id: 'readExplorer',
  tag: 'Pages',
  summary: 'The API explorer',
  description: 'Swagger UI over this document, served from here and asking no other host.',
  headers: [ifNoneMatch],
  responses: { 200: { description: 'The page.', headers: { ETag: etag }, content: html }, 304: notModified },
}

/** GET /-/openapi.json */
export const openApiDoc: OperationDoc = {
  id: 'readOpenApi',
  tag: 'Service',
  summary: 'This document',
  headers: [ifNoneMatch],
  responses: { 200: documentAnswer, 304: notModified },
}

/** GET /swagger/json: where the Swagger plugin of Elysia has it. */
export const swaggerDocumentDoc: OperationDoc = {
  ...openApiDoc,
  id: 'readSwaggerDocument',
  summary: 'This document, at the address that Elysia users expect',
}

/** GET /swagger */
export const swaggerDoc: OperationDoc = {
  id: 'readSwagger',
  tag: 'Pages',
  summary: 'Leads to the API explorer',
  responses: {
    302: {
      description: 'The explorer is elsewhere.',
      headers: { Location: { description: 'Its path.', schema: { type: 'string', example: '/-/api' } } },
    },
  },
}

/** GET /-/assets/:hash/:file */
export const assetDoc: OperationDoc = {
  id: 'readAsset',
  tag: 'Pages',
  summary: 'A style sheet, script or picture of the pages',
  description: 'The address holds the digest of the bytes, so that it may be kept for good.',
  headers: [ifNoneMatch],
  responses: {
    200: {
      description: 'The file. Compressed when `Accept-Encoding` asks for it.',
      headers: {
        ETag: etag,
        'Cache-Control': {
          description: 'Kept for a year without asking again.',
          schema: { type: 'string', example: 'public, max-age=31536000, immutable' },
        },
      },
      content: {
        'text/css; charset=utf-8': { schema: { type: 'string' } },
        'text/javascript; charset=utf-8': { schema: { type: 'string' } },
        'image/svg+xml': { schema: { type: 'string' } },
      },
    },
    304: notModified,
    404: failure('No such file, or not with these bytes.', 'not found'),
  },
}

/** GET /favicon.ico */
export const faviconDoc: OperationDoc = {
  id: 'readFavicon',
  tag: 'Pages',
  summary: 'The mark of the pages',
  headers: [ifNoneMatch],
  responses: {
    200: {
      description: 'The mark.',
      headers: { ETag: etag },
      content: { 'image/svg+xml': { schema: { type: 'string' } } },
    },
    304: notModified,
  },
}

/** GET /robots.txt */
export const robotsDoc: OperationDoc = {
  id: 'readRobots',
  tag: 'Pages',
  summary: 'What search engines may read: nothing',
  responses: {
    200: {
      description: 'The rule.',
      content: {
        'text/plain; charset=utf-8': { schema: { type: 'string' }, example: 'User-agent: *\nDisallow: /\n' },
      },
    },
  },
}

/** GET /static/* */
export const staticDoc: OperationDoc = {
  id: 'readOperatorFile',
  tag: 'Pages',
  summary: 'A file of the operator’s own pages',
  description: 'Only with `--web-template-path`: the files below its folder `static`.',
  responses: {
    200: { description: 'The file.', content: { 'application/octet-stream': { schema: binary } } },
    404: notFound,
  },
}
