/** A Blob whose stream gives some bytes, then fails. The size it announces is another than what comes. */
export class BreakingBlob extends Blob {
  constructor(readonly announced = 0) {
    super()
  }

  override get size(): number {
    return this.announced
  }

  override stream(): ReturnType<Blob['stream']> {
    let pulls = 0
    return new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull(controller) {
        if (++pulls > 3) controller.error(new Error('the source broke'))
        else controller.enqueue(new Uint8Array(100_000))
      },
    }) as ReturnType<Blob['stream']>
  }
}

/** Printable ASCII without "/" and "\", one name each, and names beyond ASCII. */
export function awkwardKeys(): string[] {
  const printable = Array.from({ length: 0x7f - 0x20 }, (_, i) => String.fromCharCode(0x20 + i))
  const single = printable.filter((character) => !'./\\'.includes(character))
  return [
    ...single.map((character) => `one/${character}`),
    ...single.map((character) => `in/a${character}b`),
    'mychart-1.0.0+build.5.tgz',
    '50%2fa b+é.tgz',
    // Numbers, if whoever reads a listing takes texts for numbers.
    '007',
    '1.10',
    '0x10',
    '1e5',
    '123456789012345678901234567890',
    'true',
    'null',
    'numbers/1.10',
    'dots/..a',
    'dots/a..',
    'dots/...',
    'é/e\u0301',
    '日本/\u{1f600}.tgz',
    `long/${'x'.repeat(255)}`,
  ]
}
