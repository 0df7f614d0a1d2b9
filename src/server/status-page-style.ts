/** Style of the status page, light and dark by what the reader's system prefers. */
export const STATUS_PAGE_STYLE: string = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --ink: #17202b; --soft: #566373; --line: #dfe3e8; --accent: #0b6bcb; --good: #16713c; --bad: #b3261e;
}
@media (prefers-color-scheme: dark) {
  :root { --page: #10151b; --card: #18202a; --ink: #e8edf2; --soft: #9dabba; --line: #2b3643; --accent: #6cb2ff; --good: #62c98a; --bad: #ff8a80; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 2.5rem 1.25rem; }
header { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between; gap: .5rem 1.5rem; margin-bottom: 1.5rem; }
h1 { margin: 0; font-size: 1.5rem; letter-spacing: -.01em; }
h2 { margin: 0 0 .75rem; font-size: 1rem; }
#state { margin: 0; color: var(--soft); font-size: .9rem; }
#state::before { content: ""; display: inline-block; width: .6rem; height: .6rem; margin-right: .5rem; border-radius: 50%; background: var(--soft); }
#state[data-state=live]::before { background: var(--good); }
#state[data-state=lost]::before { background: var(--bad); }
dl { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 1rem; margin: 0 0 1rem; }
@media (max-width: 44rem) { dl { grid-template-columns: repeat(2, minmax(0, 1fr)); } }
@media (max-width: 26rem) { dl { grid-template-columns: minmax(0, 1fr); } }
dl div, section { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: 1rem 1.15rem; }
dt { color: var(--soft); font-size: .85rem; }
[data-status=up] { color: var(--good); }
[data-status=degraded], [data-status=down] { color: var(--bad); }
dd { overflow-wrap: anywhere; margin: .15rem 0 0; font-size: 1.7rem; font-weight: 600; font-variant-numeric: tabular-nums; line-height: 1.2; }
dd small { display: block; margin-top: .2rem; color: var(--soft); font-size: .85rem; font-weight: 400; }
svg { display: block; width: 100%; height: 8rem; }
polyline { fill: none; stroke: var(--accent); stroke-width: 2; vector-effect: non-scaling-stroke; stroke-linejoin: round; }
footer { margin-top: 1.5rem; color: var(--soft); font-size: .85rem; }
a { color: var(--accent); }
code { font-family: ui-monospace, monospace; }
`;
