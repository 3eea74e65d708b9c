import { describe, expect, test } from 'bun:test'
import { createTickets, errandFor, ticketsOf, type Errand } from '../../../src/http/web/ticket.ts'

const errand: Errand = { user: 'alice', verb: 'delete', target: ['org', 'redis', '1.0.0'] }

describe('a ticket', () => {
  test('is good for ten minutes and for exactly what it was made for', () => {
    const tickets = createTickets('secret')
    const now = Date.now()
    const ticket = tickets.issue(errand, now)
    expect(tickets.accepts(ticket, errand, now)).toBe(true)
    expect(tickets.accepts(ticket, errand, now + 10 * 60_000 - 1)).toBe(true)
    expect(tickets.accepts(ticket, errand, now + 10 * 60_000)).toBe(false)
    const others: Errand[] = [
      { ...errand, user: 'bob' },
      { ...errand, user: undefined },
      { ...errand, verb: 'restore' },
      { ...errand, target: ['org', 'redis', '1.0.1'] },
      { ...errand, target: ['org', 'redis'] },
      { ...errand, target: ['org', 'redis1.0.0'] },
      { ...errand, target: ['org","redis', '1.0.0'] },
      { ...errand, target: ['org', 'redis', '1.0.0', ''] },
      { user: undefined, verb: 'delete', target: ['alice', 'org', 'redis', '1.0.0'] },
    ]
    for (const other of others) expect(tickets.accepts(ticket, other, now)).toBe(false)
  })

  test('is accepted by a replica with the same secret, and by no other server', () => {
    const ticket = createTickets('alice:secret').issue(errand)
    expect(createTickets('alice:secret').accepts(ticket, errand)).toBe(true)
    expect(createTickets('alice:other').accepts(ticket, errand)).toBe(false)
    const random = createTickets('')
    expect(random.accepts(random.issue(errand), errand)).toBe(true)
    expect(createTickets('').accepts(random.issue(errand), errand)).toBe(false)
  })

  test('of a user with a key of their own is good on every server that knows it, and for nobody else', () => {
    const alice = { ...errand, key: 'the hash of alice' }
    for (const secret of ['', 'shared']) {
      const [one, other] = [createTickets(secret), createTickets(secret)]
      const ticket = one.issue(alice)
      expect(one.accepts(ticket, alice)).toBe(true)
      expect(other.accepts(ticket, alice)).toBe(true)
      for (const wrong of [
        errand,
        { ...alice, key: 'another password of alice' },
        { ...alice, user: 'bob' },
        { ...alice, user: undefined },
      ]) {
        expect(other.accepts(ticket, wrong)).toBe(false)
        expect(one.accepts(one.issue(wrong), alice)).toBe(false)
      }
      expect(createTickets(`${secret}!`).accepts(ticket, alice)).toBe(false)
    }
  })

  test('is of whoever has a token by its subject, and of the server where it has none', () => {
    const may = () => true
    expect(errandFor({ name: 'alice', ticketKey: 'k', may })).toEqual({ user: 'alice', key: 'k' })
    expect(errandFor({ name: undefined, subject: 'robot', may })).toEqual({ user: 'robot', key: undefined })
    expect(errandFor({ name: undefined, may })).toEqual({ user: undefined, key: undefined })
  })

  test('is refused when a single character of it is another', () => {
    const tickets = createTickets('secret')
    const ticket = tickets.issue(errand)
    expect(ticket).toMatch(/^[\w-]{54}$/)
    for (let at = 0; at < ticket.length; at++) {
      const other = ticket[at] === 'A' ? 'B' : 'A'
      const changed = ticket.slice(0, at) + other + ticket.slice(at + 1)
      // The last character carries two bits that mean nothing.
      if (Buffer.from(changed, 'base64url').equals(Buffer.from(ticket, 'base64url'))) continue
      expect(tickets.accepts(changed, errand)).toBe(false)
    }
    for (const wrong of [
      null,
      undefined,
      '',
      'x',
      `${ticket}=`,
      `${ticket}A`,
      ticket.slice(1),
      'ü'.repeat(54),
    ])
      expect(tickets.accepts(wrong, errand)).toBe(false)
  })

  test('cannot be made to last longer', () => {
    const tickets = createTickets('secret')
    const bytes = Buffer.from(tickets.issue(errand), 'base64url')
    bytes.writeBigUInt64BE(bytes.readBigUInt64BE() + 3_600_000n)
    expect(tickets.accepts(bytes.toString('base64url'), errand)).toBe(false)
  })

  test('has one key on all pages of a server', () => {
    const parts = { ticketSecret: '' }
    expect(ticketsOf(parts).accepts(ticketsOf(parts).issue(errand), errand)).toBe(true)
    expect(ticketsOf({ ticketSecret: '' }).accepts(ticketsOf(parts).issue(errand), errand)).toBe(false)
  })
})
