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
    return problems;
  });
}
