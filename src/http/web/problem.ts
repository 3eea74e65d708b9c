import { h } from 'preact'
import { Problem, type ProblemProps } from '../../../views/problem.tsx'
import { placeOf, renderPage } from './page.ts'

/** The HTML of the page for an answer that is an error; the caller makes the response. */
export async function problemPage(
  settings: { readonly contextPath: string; readonly version: string },
  problem: Omit<ProblemProps, 'place'>,
): Promise<string> {
  // The API's own texts begin small ("not found"); on a page they are sentences.
  const sentence = problem.sentence.charAt(0).toUpperCase() + problem.sentence.slice(1)
  return renderPage(h(Problem, { place: await placeOf(settings), ...problem, sentence }))
}
