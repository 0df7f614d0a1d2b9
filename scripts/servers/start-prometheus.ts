import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ensurePrometheus } from "./ensure-prometheus.ts";
import { type ServerProcess, startServerProcess } from "./server-process.ts";

/** What a Prometheus scrapes. */
export interface ScrapeTarget {
  /** For example `"127.0.0.1:9464"`. */
  readonly address: string;
  /** Default: `"/metrics"`. */
  readonly path?: string | undefined;
}

/** A Prometheus of ours. */
export interface TestPrometheus extends AsyncDisposable {
  readonly process: ServerProcess;
  /** For example `"http://127.0.0.1:20123"`. */
  readonly url: string;
  /** The `data` of an answer of its HTTP API, for example of `/api/v1/query?query=up`. @throws Error when it answers with an error */
  ask(path: string): Promise<unknown>;
  /** The result of an instant query, now or at an instant in seconds: labels and value of each series. */
  query(expression: string, atSeconds?: number): Promise<readonly QuerySample[]>;
}

/** One series of a result. */
export interface QuerySample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Tests wait for scrapes. */
const SCRAPE_INTERVAL = "250ms";

/**
 * Starts a Prometheus on a free loopback port that scrapes targets, with exemplars, and waits until it answers.
 *
 * @param ruleFiles absolute paths of rules that it evaluates as often as it scrapes
 */
export async function startPrometheus(
  targets: readonly ScrapeTarget[],
  ruleFiles: readonly string[] = [],
): Promise<TestPrometheus> {
  const process = await startServerProcess({
    program: ensurePrometheus().server,
    arguments: (port, folder) => {
      const file = join(folder, "prometheus.json");
      // JSON is YAML.
      writeFileSync(file, JSON.stringify(configuration(targets, ruleFiles)));
      return [
        `--config.file=${file}`,
        `--web.listen-address=127.0.0.1:${port}`,
        `--storage.tsdb.path=${join(folder, "data")}`,
        "--enable-feature=exemplar-storage",
        "--log.level=warn",
      ];
    },
    probe: { question: "GET /-/ready HTTP/1.0\r\n\r\n", answer: /^HTTP\/1\.[01] 200 / },
  });
  const url = `http://127.0.0.1:${process.port}`;
  const ask = async (path: string): Promise<unknown> => {
    const response = await fetch(`${url}${path}`);
    const answer = (await response.json()) as { status: string; data?: unknown; error?: string };
    if (answer.status !== "success") throw new Error(`Prometheus: ${answer.error}`);
    return answer.data;
  };
  return {
    ...{ process, url, ask },
    query: async (expression, atSeconds) => {
      const at = atSeconds === undefined ? "" : `&time=${atSeconds}`;
      const data = await ask(`/api/v1/query?query=${encodeURIComponent(expression)}${at}`);
      const { result } = data as { result: { metric: Record<string, string>; value: [number, string] }[] };
      return result.map(({ metric, value: [, text] }) => ({ labels: metric, value: Number(text) }));
    },
    [Symbol.asyncDispose]: () => process.stop(),
  };
}

function configuration(targets: readonly ScrapeTarget[], ruleFiles: readonly string[]): object {
  const interval = { scrape_interval: SCRAPE_INTERVAL, scrape_timeout: SCRAPE_INTERVAL };
  return {
    global: { ...interval, evaluation_interval: SCRAPE_INTERVAL },
    rule_files: ruleFiles,
    scrape_configs: targets.map(({ address, path = "/metrics" }, index) => ({
      job_name: `job-${index}`,
      metrics_path: path,
      static_configs: [{ targets: [address] }],
    })),
  };
}
