import { numberText, plural, type InLanguages } from './language.ts'

const en = {
  title: 'Account',
  /** Where nobody signs in. */
  everybody: 'Everybody',
  /** Who somebody without a name is. */
  nobody: {
    open: 'No sign-in needed',
    anonymous: 'Not signed in',
    token: 'Let in by a token',
    tokenless: 'Without a token',
  },
  signedInAs: (user: string) => `Signed in as ${user}`,
  /** What somebody may do, in words. */
  role: {
    all: 'can read, upload and delete',
    upload: 'can read and upload',
    read: 'can read',
    nothing: 'can read nothing',
  },
  /** How the server recognises people. */
  access: {
    open: 'This server asks nobody to sign in: everybody can do everything that it allows.',
    'read-open': 'Everybody can read here. Uploading and deleting need a user name and a password.',
    closed: 'This server asks everybody for a user name and a password.',
    'read-open-token': 'Everybody can read here. Uploading and deleting need a token that allows it.',
    'closed-token': 'This server asks everybody for a token, which says what it allows.',
  },
  /** How somebody was recognised. */
  how: {
    open: 'This server knows nobody by name.',
    basic: 'By user name and password (HTTP basic authentication).',
    token: 'By a bearer token, which came with the request.',
    tokenless: 'You sent no token, or none that allows more than everybody may.',
    anonymous: 'You sent no credentials, or not the right ones.',
  },
  /** What is missing to upload and delete. */
  uploadNeeds: {
    'sign-in': 'Sign in to upload and delete.',
    token:
      'Uploading and deleting need a token that allows it. Browsers do not send one: a program does, or a proxy in front.',
    right:
      'You may read here, but neither upload nor delete. Whoever runs this server decides who may do more.',
  },
  accessTitle: 'Who may do what',
  realm: 'Realm',
  rights: 'Your rights',
  repository: 'Repository',
  mainRepository: '(the only repository)',
  anyRepository: '(a new repository)',
  read: 'Read',
  upload: 'Upload',
  remove: 'Delete',
  yes: 'Yes',
  no: 'No',
  deletesOff: 'Deleting is switched off on this server.',
  more: (count: number) => `${plural(count, 'repository more', 'repositories more')} are not shown.`,
  preferences: 'Preferences',
  signIn: 'Sign in',
  signOut: 'Sign out',
  forPrograms: 'Programs get the same as JSON from this address, with',
  signedOut: 'You are signed out',
  signedOutHint: 'If your browser asks for a password, choose Cancel.',
  closeWindow:
    'Some browsers keep passwords until their last window is closed. Close it on a computer that is not yours.',
  signInAgain: 'Sign in again',
  home: 'To the home page',
}

export const accountWords: InLanguages<typeof en> = {
  en,
  'zh-CN': {
    title: '账户',
    everybody: '所有人',
    nobody: { open: '无需登录', anonymous: '未登录', token: '凭令牌访问', tokenless: '没有令牌' },
    signedInAs: (user) => `已登录：${user}`,
    role: {
      all: '可以读取、上传和删除',
      upload: '可以读取和上传',
      read: '可以读取',
      nothing: '没有读取权限',
    },
    access: {
      open: '此服务器不要求登录，任何人都可以执行服务器允许的所有操作。',
      'read-open': '任何人都可以读取。上传和删除需要用户名和密码。',
      closed: '此服务器要求所有人提供用户名和密码。',
      'read-open-token': '任何人都可以读取。上传和删除需要具有相应权限的令牌。',
      'closed-token': '此服务器要求所有人提供令牌，令牌中写明了允许的操作。',
    },
    how: {
      open: '此服务器不区分用户。',
      basic: '通过用户名和密码（HTTP Basic 认证）。',
      token: '通过随请求发送的 Bearer 令牌。',
      tokenless: '你没有发送令牌，或者令牌没有更多权限。',
      anonymous: '你没有提供凭据，或者凭据不正确。',
    },
    uploadNeeds: {
      'sign-in': '登录后才能上传和删除。',
      token: '上传和删除需要具有相应权限的令牌。浏览器不会自行发送令牌，需由程序或前置代理发送。',
      right: '你可以读取，但不能上传或删除。其他权限由服务器管理员决定。',
    },
    accessTitle: '访问规则',
    realm: '认证域（Realm）',
    rights: '你的权限',
    repository: '仓库',
    mainRepository: '（唯一的仓库）',
    anyRepository: '（新仓库）',
    read: '读取',
    upload: '上传',
    remove: '删除',
    yes: '是',
    no: '否',
    deletesOff: '此服务器已关闭删除功能。',
    more: (count) => `另有 ${numberText('zh-CN', count)} 个仓库未显示。`,
    preferences: '偏好设置',
    signIn: '登录',
    signOut: '退出登录',
    forPrograms: '程序可以从此地址获取相同内容的 JSON，请求头为',
    signedOut: '你已退出登录',
    signedOutHint: '如果浏览器要求输入密码，请选择“取消”。',
    closeWindow: '有些浏览器会一直保留密码，直到最后一个窗口关闭。在他人的电脑上，请关闭浏览器。',
    signInAgain: '重新登录',
    home: '返回首页',
  },
}
