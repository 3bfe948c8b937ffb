/** What Compose writes on what it makes. */
export const COMPOSE_LABELS = {
  project: 'com.docker.compose.project',
  folder: 'com.docker.compose.project.working_dir',
  files: 'com.docker.compose.project.config_files',
  envFiles: 'com.docker.compose.project.environment_file',
  service: 'com.docker.compose.service',
  /** Of several containers of a service, from 1. */
  number: 'com.docker.compose.container-number',
  /** `True` on containers of `docker compose run`. */
  oneOff: 'com.docker.compose.oneoff',
  /** `db:service_healthy:true,redis:service_started:false` */
  dependsOn: 'com.docker.compose.depends_on',
} as const

/** Of any that Compose writes. */
export function isComposeLabel(label: string): boolean {
  return label.startsWith('com.docker.compose.')
}
