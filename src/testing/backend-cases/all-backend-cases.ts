import { abortCases } from "./abort-cases.ts";
import type { BackendCase } from "./backend-case.ts";
import { basicsCases } from "./basics-cases.ts";
import { batchCases } from "./batch-cases.ts";
import { clearCases } from "./clear-cases.ts";
import { closeCases } from "./close-cases.ts";
import { concurrencyCases } from "./concurrency-cases.ts";
import { conditionalWriteCases } from "./conditional-write-cases.ts";
import { counterCases } from "./counter-cases.ts";
import { expireCases } from "./expire-cases.ts";
import { faultCases } from "./fault-cases.ts";
import { keyCases } from "./key-cases.ts";
import { leaseCases } from "./lease-cases.ts";
import { resetCases } from "./reset-cases.ts";
import { revalidationCases } from "./revalidation-cases.ts";
import { scanCases } from "./scan-cases.ts";
import { staleCases } from "./stale-cases.ts";
import { tagCases } from "./tag-cases.ts";
import { transactionCases } from "./transaction-cases.ts";
import { transactionReachCases } from "./transaction-reach-cases.ts";
import { ttlCases } from "./ttl-cases.ts";
import { valueCases } from "./value-cases.ts";
import { versionCases } from "./version-cases.ts";

/** Every case of the kit, group by group. */
export const backendCases: readonly BackendCase[] = [
  ...basicsCases,
  ...valueCases,
  ...keyCases,
  ...ttlCases,
  ...expireCases,
  ...staleCases,
  ...versionCases,
  ...batchCases,
  ...conditionalWriteCases,
  ...counterCases,
  ...transactionCases,
  ...transactionReachCases,
  ...leaseCases,
  ...tagCases,
  ...scanCases,
  ...clearCases,
  ...revalidationCases,
  ...concurrencyCases,
  ...abortCases,
  ...closeCases,
  ...faultCases,
  ...resetCases,
];
