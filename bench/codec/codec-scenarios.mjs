// The catalogue of what is measured of the codec. One job, in a process of its own, is one subject of one scenario.

/** Scenarios of the codec with their subjects, by the names that `--scenario` and `--subject` take. */
export const codecSubjects = {
  codec: [
    ...["json", "msgpack", "v8", "gob"].flatMap((serializer) =>
      ["small object", "50 records", "100 KB"].map((value) => `${serializer}, ${value}`),
    ),
    ...["100 B", "10 KB", "10 KB Latin-1", "10 KB wide"].map((value) => `string, ${value}`),
    ...["100 B", "10 KB"].map((value) => `buffer, ${value}`),
    "json, values of all kinds",
  ],
  "codec-compression": ["gzip", "brotli", "zstd", "lz4", "snappy"].flatMap((algorithm) =>
    ["1 KB", "10 KB", "100 KB"].map((size) => `${algorithm}, ${size}`),
  ),
  "codec-dictionary": ["gzip", "zstd"].map((algorithm) => `${algorithm}, records of 192 bytes`),
  "codec-encryption": ["100 B", "1 KB", "10 KB", "100 KB", "1 MB"],
  "codec-defaults": ["plain", "rich"],
};

/** @type {readonly string[]} */
export const codecScenarios = Object.keys(codecSubjects);

/** With BENCH_SECONDS, unless subjects are named. */
export const shortCodecSubjects = [
  "json, small object",
  "json, 50 records",
  "msgpack, small object",
  "string, 10 KB",
  "buffer, 10 KB",
];

/** Runners of a job, at most: three things to do, for so many candidates. */
export const CODEC_RUNNER_COUNT = 9;
