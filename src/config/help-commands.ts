import type { WorkCommand } from './options-commands.ts'

const places = `  /srv/charts, file:///srv/charts   a folder as ChartMuseum or Chartroom keeps it, with all its repositories
  minio://BUCKET/PREFIX             a bucket; also s3://, gs://, azblob://, oss://, cos://, bos://, as far as
                                    --storage knows that storage
  etcd://HOST:2379/PREFIX           etcd`

const otherSide = (
  side: string,
  example: string,
): string => `A bucket is reached with the settings and credentials of its storage, such as STORAGE_MINIO_ENDPOINT or AWS_PROFILE.
Where the two sides differ, a variable with ${side} in front is meant for this one: ${example}.`

const resumed = `What is there already is not copied again, so a copy that was ended goes on when it is run again. Every chart is judged
as an upload is; other bytes under the same name are told and kept. Exit 0: everything has arrived; 1: not everything;
130: interrupted.`

/** What the help says of each command before its settings. */
export const commandTexts: Readonly<Record<WorkCommand, string>> = {
  import: `Usage: chartroom import SOURCE [SETTING …]

Copies charts with their provenance into the storage, byte for byte. Servers on the same storage show them at once.

SOURCE is one of
  https://charts.example.com/org    a Helm repository, as "helm repo add" takes it
${places}

${otherSide('FROM_', 'FROM_STORAGE_MINIO_ENDPOINT, FROM_AWS_PROFILE')}

${resumed}
`,
  export: `Usage: chartroom export DESTINATION [SETTING …]

Copies the charts of the storage with their provenance, byte for byte, laid out as ChartMuseum and Chartroom keep them.

DESTINATION is one of
${places}

${otherSide('TO_', 'TO_STORAGE_MINIO_ENDPOINT, TO_AWS_PROFILE')}

${resumed}
`,
  doctor: `Usage: chartroom doctor [SETTING …]

Tries everything that Chartroom needs of its storage, one thing after the other: listing, reading, writing, writing only
what is absent, replacing only what is unchanged, deleting. Says how long each took, and how to mend what fails. Leaves
nothing behind. Exit 0: all is well; 1: something is not.
`,
}
