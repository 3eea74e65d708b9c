import { describe, expect, test } from 'bun:test'
import { addresses, parseNetworks, type AddressSettings } from '../../src/http/public-url.ts'

const base: AddressSettings = { contextPath: '', tls: false, trustedProxies: [] }
const proxies = ['10.0.0.0/8', 'fd00::/8', '192.0.2.7']
const from = (address: string | undefined) => () => address
const forwarded = {
  host: 'inner:8080',
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'charts.example.com',
  'x-forwarded-prefix': '/helm/',
}

function url(settings: Partial<AddressSettings>, headers: Record<string, string>, peer?: string): string {
  return addresses({ ...base, ...settings }).publicUrl(new Headers(headers), from(peer))
}
function client(headers: Record<string, string>, peer?: string, trustedProxies = proxies): string {
  return addresses({ ...base, trustedProxies }).clientAddress(new Headers(headers), from(peer))
}

describe('publicUrl()', () => {
  test('is the scheme, the Host header and the context path', () => {
    expect(url({}, { host: 'localhost:8080' })).toBe('http://localhost:8080')
    expect(url({ tls: true, contextPath: '/ctx' }, { host: 'a' })).toBe('https://a/ctx')
  })

  test('is the configured one whatever anybody says', () => {
    expect(url({ publicUrl: 'https://x/ctx/', trustedProxies: proxies }, forwarded, '10.1.1.1')).toBe(
      'https://x/ctx',
    )
  })

  test('believes forwarding headers of trusted proxies only', () => {
    expect(url({ trustedProxies: proxies }, forwarded, '10.1.1.1')).toBe('https://charts.example.com/helm')
    expect(url({ trustedProxies: proxies }, forwarded, '::ffff:10.1.1.1')).toBe(
      'https://charts.example.com/helm',
    )
    expect(url({ trustedProxies: proxies }, forwarded, 'fd12::1')).toBe('https://charts.example.com/helm')
    expect(url({ trustedProxies: proxies, contextPath: '/ctx' }, forwarded, '192.0.2.7')).toBe(
      'https://charts.example.com/helm/ctx',
    )
    for (const peer of ['192.0.2.8', '11.0.0.1', 'fe80::1%eth0', '2001:db8::1', 'x', '', undefined]) {
      expect(url({ trustedProxies: proxies }, forwarded, peer)).toBe('http://inner:8080')
    }
    expect(url({}, forwarded, '10.1.1.1')).toBe('http://inner:8080')
  })

  test('takes the first of several values and passes over what is not one', () => {
    const told = (headers: Record<string, string>) =>
      url({ trustedProxies: proxies }, { host: 'inner', ...headers }, '10.0.0.1')
    expect(told({ 'x-forwarded-host': 'a.example, b.example' })).toBe('http://a.example')
    for (const host of ['a b', 'x/y', 'a@b', '', 'a"><script>']) {
      expect(told({ 'x-forwarded-host': host })).toBe('http://inner')
    }
    for (const proto of ['ftp', 'javascript', '', 'https:'])
      expect(told({ 'x-forwarded-proto': proto })).toBe('http://inner')
    for (const prefix of ['x', '//evil.example', '/a b', '/a?b', '/<', '/']) {
      expect(told({ 'x-forwarded-prefix': prefix })).toBe('http://inner')
    }
    expect(told({ 'x-forwarded-proto': 'HTTPS' })).toBe('https://inner')
  })
})

describe('clientAddress()', () => {
  test('is the peer where it is not a trusted proxy', () => {
    expect(client({ 'x-forwarded-for': '1.2.3.4', 'x-real-ip': '1.2.3.4' }, '198.51.100.1')).toBe(
      '198.51.100.1',
    )
    expect(client({ 'x-forwarded-for': '1.2.3.4' }, '10.0.0.1', [])).toBe('10.0.0.1')
    expect(client({}, '::ffff:198.51.100.1')).toBe('198.51.100.1')
    expect(client({ 'x-forwarded-for': '1.2.3.4' }, undefined)).toBe('')
  })

  test('is the first untrusted hop from the right', () => {
    expect(client({ 'x-forwarded-for': '6.6.6.6, 198.51.100.1, 10.0.0.9' }, '10.0.0.1')).toBe('198.51.100.1')
    expect(client({ 'x-forwarded-for': '198.51.100.1' }, '10.0.0.1')).toBe('198.51.100.1')
    expect(client({ 'x-forwarded-for': '2001:db8::5' }, 'fd00::1')).toBe('2001:db8::5')
    expect(client({ 'x-forwarded-for': '10.0.0.8, 10.0.0.9' }, '10.0.0.1')).toBe('10.0.0.8')
  })

  test('reads hops with ports and stops at what is no address', () => {
    expect(client({ 'x-forwarded-for': '198.51.100.1:4711' }, '10.0.0.1')).toBe('198.51.100.1')
    expect(client({ 'x-forwarded-for': '[2001:db8::5]:4711' }, '10.0.0.1')).toBe('2001:db8::5')
    expect(client({ 'x-forwarded-for': '6.6.6.6, <script>, 10.0.0.9' }, '10.0.0.1')).toBe('10.0.0.9')
    expect(client({ 'x-forwarded-for': '' }, '10.0.0.1')).toBe('10.0.0.1')
  })

  test('is X-Real-IP of a trusted proxy that sends no list', () => {
    expect(client({ 'x-real-ip': '198.51.100.1' }, '10.0.0.1')).toBe('198.51.100.1')
    expect(client({ 'x-real-ip': 'nonsense' }, '10.0.0.1')).toBe('10.0.0.1')
  })
})

describe('parseNetworks()', () => {
  test('takes addresses and networks of both families', () => {
    const networks = parseNetworks(['0.0.0.0/0', '::1'])
    expect(networks.check('8.8.8.8', 'ipv4')).toBe(true)
    expect(networks.check('::1', 'ipv6')).toBe(true)
    expect(networks.check('::2', 'ipv6')).toBe(false)
  })

  for (const entry of [
    '',
    'proxy.local',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/',
    '10.0.0.0/8x',
    '::/129',
    '10.0.0',
    '10.0.0.0/8/8',
  ]) {
    test(`names ${JSON.stringify(entry)} as neither`, () => {
      expect(() => parseNetworks(['::1', entry])).toThrow(`"${entry}" is neither`)
    })
  }
})
