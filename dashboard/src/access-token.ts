const STORED_AS = "gocachex.token";

/** The token that was typed in. It stays in this tab alone and is gone when the tab is closed. */
export function readToken(): string | undefined {
  return sessionStorage.getItem(STORED_AS) ?? undefined;
}

/** Keeps a token; `undefined` forgets it. */
export function storeToken(token: string | undefined): void {
  if (token === undefined) sessionStorage.removeItem(STORED_AS);
  else sessionStorage.setItem(STORED_AS, token);
}

/** The header that shows the token, if there is one. */
export function tokenHeaders(): Record<string, string> {
  const token = readToken();
  return token === undefined ? {} : { Authorization: `Bearer ${token}` };
}
