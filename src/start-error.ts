/** Why the server cannot start, as one sentence for the operator: what was tried, why not, what to do. Exit 1. */
export class StartError extends Error {
  override readonly name = 'StartError'
}
