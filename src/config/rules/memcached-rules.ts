import type { CacheConfig } from "../cache-config.ts";
import type { Problem } from "../problem.ts";
import { listMemcachedSections } from "./active-sections.ts";
import { refuse } from "./rule.ts";
import { checkTransportSecurity } from "./transport-security-rules.ts";

/** What cannot stand together, or alone, in a Memcached section. */
export function checkMemcached(config: CacheConfig): readonly Problem[] {
  return listMemcachedSections(config).flatMap(({ path, section }) => {
    const problems = [...checkTransportSecurity(path, section, section.tls === true)];
    if ((section.username === undefined) !== (section.password === undefined)) {
      const missing = section.username === undefined ? "username" : "password";
      problems.push(
        refuse(`${path}.${missing}`, `${path}.username and ${path}.password go together: ${missing} is missing.`),
      );
    }
    const names = (section.servers ?? []).map((server) => server.split(" ")[0] as string);
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (section.servers?.length === 0) {
      problems.push(refuse(`${path}.servers`, `${path}.servers is empty. Give at least one, or leave it out.`));
    } else if (twice !== undefined) {
      const message = `${path}.servers lists ${twice} twice. To give it a larger share, give it a weight: "${twice} 2".`;
      problems.push(refuse(`${path}.servers`, message));
    }
    return problems;
  });
}
