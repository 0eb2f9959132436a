/** What a scan cannot decide going forward: the tree must. Never leaves this folder. */
export class Undecided extends Error {
  override readonly name = 'Undecided';
}
