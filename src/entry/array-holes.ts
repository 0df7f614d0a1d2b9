/**
 * Makes an array longer by holes without taking memory for them: assigning a larger `length` would allocate eight bytes for each hole, up to
 * 256 MB for a few bytes of input; an element far behind the others makes V8 keep the array by what it has.
 */
export function growByHoles(array: unknown[], length: number): void {
  if (length <= array.length) return;
  array[length - 1] = undefined;
  delete array[length - 1];
}
