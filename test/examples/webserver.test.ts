import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { startRedis } from "../../scripts/servers/start-redis.ts";
import type { TestServer } from "../../scripts/servers/test-server.ts";
import { type ExampleProcess, startExample } from "./example-process.ts";

/** One answer, as far as it matters here. */
interface Answer {
  readonly status: number;
  /** The header `x-cache`: how it was answered. */
  readonly how: string;
  readonly body: unknown;
}

interface SourceCounts {
  readonly requests: number;
  readonly bodies: number;
  readonly notModified: number;
}

/** A running service and its source. */
class Service {
  readonly url: string;
  readonly sourceUrl: string;
  readonly #process: ExampleProcess;

  constructor(process: ExampleProcess, url: string, sourceUrl: string) {
    this.#process = process;
    this.url = url;
    this.sourceUrl = sourceUrl;
  }

  async ask(path: string, method = "GET"): Promise<Answer> {
    const response = await fetch(this.url + path, { method });
    const text = await response.text();
    const body: unknown = text === "" ? undefined : JSON.parse(text);
    return { status: response.status, how: response.headers.get("x-cache") ?? "", body };
  }

  /** Asks until the answer is what it comes to sooner or later: a TTL of a millisecond is over, a refresh is done. */
  async askUntil(path: string, isIt: (answer: Answer) => boolean): Promise<Answer> {
    for (;;) {
      const answer = await this.ask(path);
      if (isIt(answer)) return answer;
    }
  }

  async behave(query: string): Promise<void> {
    expect((await this.ask(`/source?${query}`, "POST")).status).toBe(200);
  }

  async sourceCounts(): Promise<SourceCounts> {
    const response = await fetch(`${this.sourceUrl}/counts`);
    return (await response.json()) as SourceCounts;
  }

  async stop(): Promise<void> {
    this.#process.child.kill("SIGTERM");
    const { code, stderr } = await this.#process.ended;
    expect(stderr).toBe("");
    expect(code).toBe(0);
  }
}

async function startService(env: Record<string, string> = {}): Promise<Service> {
  const process = startExample("webserver/main.mjs", { PORT: "0", REDIS_URL: "", SOURCE_URL: "", ...env });
  const [, url = ""] = await process.waitFor(/products are at (http:\S+)\/products/);
  const [, sourceUrl = ""] = await process.waitFor(/source is at (http:\S+)\. /);
  return new Service(process, url, sourceUrl);
}

const isStale = ({ how }: Answer): boolean => how.startsWith("stale");
const isNoHit = ({ how }: Answer): boolean => how !== "hit";
const isHit = ({ how }: Answer): boolean => how === "hit";
const OVER_SOON = "ttl=1ms&grace=1h&hardTimeout=20s";

describe("the webserver example, in memory", () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(() => service.stop());
  afterEach(() => service.behave("latency=0&fail=false"));

  it("loads a product once and has it from then on; one that there is not as well", async () => {
    expect(await service.ask("/products/1?ttl=1m")).toMatchObject({ status: 200, how: "loaded", body: { id: 1 } });
    expect(await service.ask("/products/1")).toMatchObject({ status: 200, how: "hit", body: { id: 1 } });
    expect(await service.ask("/products/99?negativeTtl=1m")).toMatchObject({ status: 404, how: "loaded" });
    expect(await service.ask("/products/99")).toMatchObject({ status: 404, how: "hit" });
  });

  it("asks the source once for ten clients", async () => {
    await service.behave("latency=200");
    const { requests } = await service.sourceCounts();
    const path = "/products/2?ttl=1m&hardTimeout=20s";
    const answers = await Promise.all(Array.from({ length: 10 }, () => service.ask(path)));
    const counted = answers.map(({ how }) => how).toSorted();
    expect(counted.filter((how) => how === "loaded")).toHaveLength(1);
    expect(counted.every((how) => ["loaded", "joined", "hit"].includes(how))).toBe(true);
    expect((await service.sourceCounts()).requests).toBe(requests + 1);
  });

  it("answers with what is old when the source fails, and with its error when nothing can stand in", async () => {
    await service.ask(`/products/3?${OVER_SOON}`);
    await service.behave("fail=true");
    const old = await service.askUntil(`/products/3?${OVER_SOON}`, isNoHit);
    expect(old).toMatchObject({ status: 200, how: "stale (failed)", body: { id: 3 } });
    expect(await service.ask("/products/3?grace=false&errorTtl=false")).toMatchObject({ status: 502, how: "none" });
    expect(await service.ask("/products/4")).toMatchObject({ status: 502, body: { error: "SourceError" } });
  });

  it("remembers a failure for as long as errorTtl says, and does not ask the source", async () => {
    await service.behave("fail=true");
    expect((await service.ask("/products/5?errorTtl=1m")).status).toBe(502);
    await service.behave("fail=false");
    const { requests } = await service.sourceCounts();
    expect((await service.ask("/products/5")).status).toBe(502);
    expect((await service.sourceCounts()).requests).toBe(requests);
  });

  it("answers with what is old when the source is slow, and has the new value later", async () => {
    await service.ask(`/products/6?${OVER_SOON}`);
    await service.behave("latency=300");
    const path = "/products/6?ttl=1m&softTimeout=20ms&hardTimeout=20s";
    expect((await service.askUntil(path, isNoHit)).how).toBe("stale (slow)");
    expect((await service.askUntil(path, (answer) => !isStale(answer))).how).toMatch(/^(hit|joined)$/);
    expect((await service.ask(path)).how).toBe("hit");
  });

  it("gives up on a source that hangs at the hard timeout", async () => {
    await service.behave("fail=hang");
    const answer = await service.ask("/products/7?hardTimeout=50ms");
    expect(answer).toMatchObject({ status: 504, body: { error: "GCX_LOADER_TIMEOUT" } });
  });

  it("answers at once while it loads anew, within staleWhileRevalidate", async () => {
    await service.ask("/products/8?ttl=1ms&grace=false&staleWhileRevalidate=1h");
    await service.behave("latency=100");
    const path = "/products/8?ttl=1m&grace=false&softTimeout=false&staleWhileRevalidate=1h&hardTimeout=20s";
    expect((await service.askUntil(path, isNoHit)).how).toBe("stale (revalidating)");
    expect((await service.askUntil(path, isHit)).status).toBe(200);
  });

  it("refreshes before the end, and learns that nothing has changed without reading it again", async () => {
    const path = "/products/9?ttl=1m&refreshAhead=0.000001";
    await service.ask(path);
    const { bodies, notModified } = await service.sourceCounts();
    expect((await service.askUntil(path, isHit)).status).toBe(200);
    while ((await service.sourceCounts()).notModified === notModified) await service.ask(path);
    expect((await service.sourceCounts()).bodies).toBe(bodies);
    expect((await service.ask("/products/9?forceFresh=true")).how).toBe("loaded");
  });

  it("shows a new price at once after a change, and loads anew what a tag has ended", async () => {
    await service.ask("/products/9?ttl=1m");
    expect((await service.ask("/products/9?price=31", "PUT")).body).toMatchObject({ price: 31 });
    expect(await service.ask("/products/9?ttl=1m")).toMatchObject({ how: "loaded", body: { price: 31 } });
    expect((await service.ask("/invalidate/category:travel", "POST")).status).toBe(204);
    expect((await service.ask("/products/9?ttl=1m")).how).toBe("loaded");
  });

  it("asks the source for many at once, and only for those that it has not", async () => {
    await service.ask("/products/1?ttl=1m");
    const { requests } = await service.sourceCounts();
    await service.ask("/invalidate/category:furniture", "POST");
    const answer = await service.ask("/products?ids=1,8,10,98&ttl=1m&forceFresh=false");
    expect(answer).toMatchObject({ status: 200, how: "1=hit, 8=loaded, 10=loaded, 98=loaded" });
    expect(answer.body).toMatchObject([{ id: 1 }, { id: 8 }, { id: 10 }]);
    expect((await service.sourceCounts()).requests).toBe(requests + 1);
  });

  it("takes the TTL that the source says", async () => {
    expect((await service.ask("/products/10?forceFresh=true&ttl=1h")).how).toBe("loaded");
    const { requests } = await service.sourceCounts();
    await service.askUntil("/products/10?ttl=1h&softTimeout=false", isNoHit);
    expect((await service.sourceCounts()).requests).toBe(requests + 1);
  });

  it("refuses options that there are not, and values that make no sense", async () => {
    expect((await service.ask("/products/1?grce=1m")).status).toBe(400);
    expect((await service.ask("/products/1?refreshAhead=7")).status).toBe(400);
    expect((await service.ask("/products/0")).status).toBe(400);
    expect((await service.ask("/store/down", "POST")).status).toBe(409);
  });
});

describe("the webserver example, two of them over one Redis", () => {
  let redis: TestServer;
  let one: Service;
  let two: Service;
  beforeAll(async () => {
    redis = await startRedis();
    const REDIS_URL = `redis://${redis.host}:${redis.port}`;
    one = await startService({ REDIS_URL });
    two = await startService({ REDIS_URL, SOURCE_URL: one.sourceUrl });
  });
  afterAll(async () => {
    await two.stop();
    await one.stop();
    await redis.stop();
  });
  afterEach(() => one.behave("latency=0&fail=false"));

  it("ask the source once for the clients of both", async () => {
    await one.behave("latency=200");
    const { requests } = await one.sourceCounts();
    const path = "/products/1?ttl=1m&hardTimeout=20s&softTimeout=5s";
    const answers = await Promise.all([one, one, two, two].map((service) => service.ask(path)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect((await one.sourceCounts()).requests).toBe(requests + 1);
    expect((await two.ask("/products/1?softTimeout=5s")).how).toBe("hit");
  });

  it("answer with what is old when the source fails", async () => {
    await one.ask(`/products/2?${OVER_SOON}&softTimeout=5s`);
    await one.behave("fail=true");
    const path = `/products/2?${OVER_SOON}&softTimeout=5s&errorTtl=false`;
    expect(await one.askUntil(path, isNoHit)).toMatchObject({ how: "stale (failed)", body: { id: 2 } });
    expect(await two.ask(path)).toMatchObject({ how: "stale (failed)", body: { id: 2 } });
  });

  it.each(["down", "hung"])(
    "answer from the source while the store is %s, and from the store when it is back",
    async (state) => {
      const path = "/products/3?ttl=1m&hardTimeout=20s";
      expect((await one.ask(`/store/${state}`, "POST")).body).toEqual({ store: state });
      for (let count = 0; count < 3; count += 1) {
        const answer = await one.ask(`${path}&softTimeout=100ms`);
        expect(answer).toMatchObject({ status: 200, how: "loaded", body: { id: 3 } });
      }
      expect((await two.ask(`${path}&softTimeout=5s`)).status).toBe(200);
      expect((await one.ask("/store/up", "POST")).body).toEqual({ store: "up" });
      expect((await one.askUntil(`${path}&softTimeout=5s`, isHit)).body).toMatchObject({ id: 3 });
    },
  );
});
