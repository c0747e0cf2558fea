/** A number that no process can have: above the largest pid that any Linux hands out (2^22). */
export const ABSENT = 2147483646
