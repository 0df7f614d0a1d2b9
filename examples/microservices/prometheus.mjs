import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";

const SCRAPE_INTERVAL = "500ms";

/** Starts a Prometheus that scrapes the services, and waits until it answers. */
export async function startPrometheus(services) {
  const folder = await mkdtemp(join(tmpdir(), "microservices-example-"));
  const port = await findFreePort();
  const file = join(folder, "prometheus.json");
  // JSON is YAML.
  await writeFile(file, JSON.stringify(configurationOf(services)));
  const program = process.env.PROMETHEUS ?? "prometheus";
  const places = [`--config.file=${file}`, `--storage.tsdb.path=${join(folder, "data")}`];
  const child = spawn(program, [...places, `--web.listen-address=127.0.0.1:${port}`, "--log.level=error"], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  const ended = once(child, "exit").catch(() => {
    throw new Error(
      `There is no ${program}. Install Prometheus (Debian: apt-get install prometheus), or say where it is: PROMETHEUS=/opt/prometheus/prometheus.`,
    );
  });
  const url = `http://127.0.0.1:${port}`;

  async function close() {
    child.kill("SIGTERM");
    await ended.catch(() => undefined);
    await rm(folder, { recursive: true });
  }

  try {
    await Promise.race([untilReady(url), ended.then(() => Promise.reject(new Error("Prometheus did not start.")))]);
  } catch (error) {
    await close();
    throw error;
  }
  return { query: (expression, atSeconds) => query(url, expression, atSeconds), close };
}

/** The value of each series of an expression at an instant, by its label `service`. */
async function query(url, expression, atSeconds) {
  const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(expression)}&time=${atSeconds}`);
  const { data, error } = await response.json();
  if (error !== undefined) throw new Error(`Prometheus: ${error}`);
  return new Map(data.result.map(({ metric, value }) => [metric.service, Number(value[1])]));
}

function configurationOf(services) {
  return {
    global: { scrape_interval: SCRAPE_INTERVAL, scrape_timeout: SCRAPE_INTERVAL },
    scrape_configs: services.map(({ name, url }) => ({
      job_name: name,
      static_configs: [{ targets: [new URL(url).host], labels: { service: name } }],
      // The lines of the services have that label themselves.
      honor_labels: true,
    })),
  };
}

async function untilReady(url) {
  for (;;) {
    const answer = await fetch(`${url}/-/ready`).catch(() => undefined);
    if (answer?.ok) return;
    await delay(50);
  }
}

async function findFreePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
