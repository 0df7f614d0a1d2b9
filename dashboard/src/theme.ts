/** How the page is coloured; `auto` follows the system. */
export type Theme = "auto" | "light" | "dark";

const STORED_AS = "gocachex.theme";

/** The theme that was chosen last. */
export function readTheme(): Theme {
  const stored = localStorage.getItem(STORED_AS);
  return stored === "light" || stored === "dark" ? stored : "auto";
}

/** Colours the page. Charts look at the attribute and draw themselves anew. */
export function applyTheme(theme: Theme): void {
  document.documentElement.dataset["theme"] = theme;
}

/** Remembers the theme for the next visit. */
export function storeTheme(theme: Theme): void {
  localStorage.setItem(STORED_AS, theme);
  applyTheme(theme);
}
