/** Values a log line may carry beside its message. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>

/** One line per event. Never a secret; control characters from outside are escaped by the writer. */
export interface Log {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
}
