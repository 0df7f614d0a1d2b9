import { useState } from "preact/hooks";
import { readToken } from "./access-token.ts";

/** Asks for the token that the node wants. */
export function TokenForm(props: { readonly reason: string; readonly onToken: (token: string) => void }) {
  const [token, setToken] = useState("");
  const wasRefused = readToken() !== undefined;
  return (
    <section class="panel token-form" aria-labelledby="token-title">
      <header class="panel-head">
        <h2 id="token-title">This node asks for a token</h2>
      </header>
      <p>
        It is sent with every request of this page and kept in this tab alone: closing the tab forgets it. Reading needs
        a token with the role read, changing one with the role write or admin.
      </p>
      {wasRefused ? (
        <p class="alert" role="alert">
          The token was not accepted: {props.reason}
        </p>
      ) : null}
      <form
        class="line-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (token !== "") props.onToken(token);
        }}
      >
        <label>
          Token
          <input
            type="password"
            autocomplete="off"
            spellcheck={false}
            value={token}
            onInput={({ currentTarget }) => setToken(currentTarget.value)}
          />
        </label>
        <button type="submit" class="primary" disabled={token === ""}>
          Use token
        </button>
      </form>
    </section>
  );
}
