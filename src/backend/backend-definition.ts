import type { Backend } from "./backend.ts";
import type { BackendCapabilities } from "./capabilities.ts";

/** The least a plug-in must say. Everything else of {@link Backend} is optional and follows from it. */
export type BackendDefinition = Pick<Backend, "name" | "get" | "set" | "delete"> &
  Partial<Omit<Backend, "name" | "get" | "set" | "delete" | "capabilities">> & {
    /**
     * What the store can do. What is left out follows from the methods that are there (`increment`: `counters`, and so on); what no
     * method shows is taken as "no" (`storage`: `"values"`). Say `false` for a method that does not keep the capability's promise.
     */
    readonly capabilities?: Partial<BackendCapabilities>;
  };
