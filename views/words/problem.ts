import type { ErrorAbout, ErrorCode } from '../../src/errors.ts'
import type { InLanguages } from './language.ts'

/** What went wrong and what to do now. */
interface Telling {
  readonly sentence: string
  readonly hint?: string
}

interface ProblemWords {
  /** By code, or by code and what it is about: the narrower one wins. */
  readonly tellings: Readonly<Record<ErrorCode | 'unknown', Telling>> &
    Readonly<Partial<Record<`${ErrorCode}/${ErrorAbout}`, Telling>>>
  /** Where a token is asked for, in place of what is said of passwords. */
  readonly token: Required<Telling> & { readonly proxy: string; readonly programs: string }
  readonly detail: string
  readonly home: string
  readonly search: (text: string) => string
  readonly searchAnything: string
  readonly signIn: string
  readonly rights: string
  readonly retry: string
  readonly quoteRequest: string
  readonly withHelm: string
}

const en: ProblemWords = {
  tellings: {
    invalid: {
      sentence: 'This cannot be done as asked.',
      hint: 'Correct what is said below, and try again.',
    },
    'invalid/request': {
      sentence: 'This address asks for something that cannot be.',
      hint: 'Go back, or start from the home page.',
    },
    'invalid/archive': {
      sentence: 'This archive cannot be read.',
      hint: 'Package the chart again with “helm package” and upload it under a new version.',
    },
    'invalid/chart': {
      sentence: 'This chart is not valid.',
      hint: 'Correct it, package it and upload it again.',
    },
    unauthorized: {
      sentence: 'Sign in to continue.',
      hint: 'Your browser asks for the user name and password.',
    },
    forbidden: {
      sentence: 'You may not do this.',
      hint: 'Ask whoever runs this server, or sign in as somebody else.',
    },
    'forbidden/request': {
      sentence: 'Refused: this request came from another site.',
      hint: 'If you meant to do this, open the page here and do it again.',
    },
    'forbidden/repository': {
      sentence: 'You may read here, but not change anything.',
      hint: 'Ask whoever runs this server for the right to upload.',
    },
    not_found: { sentence: 'There is no such page.', hint: 'Check the address, or search for the chart.' },
    'not_found/repository': {
      sentence: 'There is no such repository.',
      hint: 'A repository comes into being with its first chart. Check its name.',
    },
    'not_found/chart': { sentence: 'There is no such chart.', hint: 'Check its name, or search for it.' },
    'not_found/version': {
      sentence: 'There is no such version.',
      hint: 'It may have been deleted. Look at the versions of the chart.',
    },
    'not_found/file': { sentence: 'There is no such file.', hint: 'Look at the list of files of the chart.' },
    conflict: {
      sentence: 'This exists already.',
      hint: 'Choose another version, or replace the one that is there.',
    },
    too_large: { sentence: 'This is too large.', hint: 'Make it smaller, or ask for a higher limit.' },
    too_slow: { sentence: 'This took too long.', hint: 'Try again, with a better connection if you can.' },
    full: { sentence: 'There is no room left.', hint: 'Delete what nobody needs, or ask for more room.' },
    unavailable: {
      sentence: 'The storage does not answer at the moment.',
      hint: 'Nothing is lost. Try again in a moment.',
    },
    unknown: {
      sentence: 'Something went wrong on the server.',
      hint: 'Try again. If it goes wrong again, tell whoever runs this server.',
    },
  },
  token: {
    sentence: 'A token is needed here.',
    hint: 'This server lets in who sends a bearer token that allows what is asked. There is no password to type.',
    proxy:
      'Browsers send no tokens by themselves. These pages open behind a proxy that signs people in and adds to each request:',
    programs: 'Programs send a token with each request:',
  },
  detail: 'The server says:',
  home: 'To the home page',
  search: (text) => `Search for “${text}”`,
  searchAnything: 'Search charts',
  signIn: 'Sign in',
  rights: 'Your rights',
  retry: 'Try again',
  quoteRequest: 'Quote this number when you ask for help:',
  withHelm: 'Helm asks for the same user name and password:',
}

export const problemWords: InLanguages<ProblemWords> = {
  en,
  'zh-CN': {
    tellings: {
      invalid: { sentence: '无法按要求执行。', hint: '请按下面的说明修正，然后重试。' },
      'invalid/request': { sentence: '此地址请求的内容无效。', hint: '请返回，或从首页重新开始。' },
      'invalid/archive': {
        sentence: '无法读取此归档文件。',
        hint: '请用“helm package”重新打包 Chart，并以新版本上传。',
      },
      'invalid/chart': { sentence: '此 Chart 无效。', hint: '请修正后重新打包并上传。' },
      unauthorized: { sentence: '请登录后继续。', hint: '浏览器会要求输入用户名和密码。' },
      forbidden: { sentence: '你没有权限执行此操作。', hint: '请联系服务器管理员，或以其他用户登录。' },
      'forbidden/request': {
        sentence: '已拒绝：此请求来自其他网站。',
        hint: '如果确实要执行此操作，请在本站打开页面后重试。',
      },
      'forbidden/repository': {
        sentence: '你可以读取，但不能做任何更改。',
        hint: '请向服务器管理员申请上传权限。',
      },
      not_found: { sentence: '没有此页面。', hint: '请检查地址，或搜索 Chart。' },
      'not_found/repository': {
        sentence: '没有此仓库。',
        hint: '上传第一个 Chart 时会自动创建仓库。请检查仓库名称。',
      },
      'not_found/chart': { sentence: '没有此 Chart。', hint: '请检查名称，或进行搜索。' },
      'not_found/version': { sentence: '没有此版本。', hint: '它可能已被删除。请查看该 Chart 的版本列表。' },
      'not_found/file': { sentence: '没有此文件。', hint: '请查看该 Chart 的文件列表。' },
      conflict: { sentence: '已存在。', hint: '请选择其他版本，或覆盖现有版本。' },
      too_large: { sentence: '内容过大。', hint: '请减小大小，或申请更高的限额。' },
      too_slow: { sentence: '耗时过长。', hint: '请重试，尽量使用更好的网络连接。' },
      full: { sentence: '没有剩余空间。', hint: '请删除不需要的内容，或申请更多空间。' },
      unavailable: { sentence: '存储暂时没有响应。', hint: '没有数据丢失，请稍后重试。' },
      unknown: { sentence: '服务器出现错误。', hint: '请重试。如果仍然出错，请告知服务器管理员。' },
    },
    token: {
      sentence: '此处需要令牌。',
      hint: '此服务器只接受带有相应权限的 Bearer 令牌，没有可输入的密码。',
      proxy: '浏览器不会自行发送令牌。要打开这些页面，需要一个为用户登录并在每个请求中加入以下请求头的代理：',
      programs: '程序在每个请求中发送令牌：',
    },
    detail: '服务器消息：',
    home: '返回首页',
    search: (text) => `搜索“${text}”`,
    searchAnything: '搜索 Chart',
    signIn: '登录',
    rights: '你的权限',
    retry: '重试',
    quoteRequest: '寻求帮助时请提供此编号：',
    withHelm: 'Helm 需要相同的用户名和密码：',
  },
}
