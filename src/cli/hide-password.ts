/**
 * Takes the arguments of this process out of the list of processes when a database URL among them carries a password:
 * everyone on the machine reads that list.
 */
export function hidePassword(database: string | undefined): void {
  if (database !== undefined && URL.parse(database)?.password !== '') process.title = 'rondo';
}
