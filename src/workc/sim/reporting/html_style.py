"""The style sheet of the page of a report: light and dark, and legible in print."""

from __future__ import annotations

#: Every pair of a text and its ground has a contrast of 4.5 to 1 or more (WCAG 2.2, 1.4.3).
STYLE = """
:root {
  --ground: #ffffff; --text: #1c2126; --weak: #59636e; --line: #d1d9e0; --raised: #f6f8fa;
  --good: #1a7f37; --bad: #c11c28; --skipped: #7d5a00; --bar: #8c959f;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0f1318; --text: #e6eaef; --weak: #9aa4af; --line: #333b45; --raised: #181e25;
    --good: #4ac26b; --bad: #ff7b72; --skipped: #d8a83a; --bar: #6b7681;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 76rem; padding: 1.5rem 1rem 4rem; color: var(--text);
  background: var(--ground); font: 1rem/1.5 system-ui, sans-serif;
}
h1 { margin: 0 0 .5rem; font-size: 1.7rem; line-height: 1.25; }
h2 { margin: 2.25rem 0 .75rem; font-size: 1.2rem; }
h3 { flex: 1; min-width: 0; margin: 0; font-size: 1rem; overflow-wrap: anywhere; }
h3 .weak { display: block; font-weight: 400; }
h4 { margin: 1rem 0 .4rem; font-size: 1rem; overflow-wrap: anywhere; }
.good { color: var(--good); } .bad { color: var(--bad); } .skipped { color: var(--skipped); }
.weak { color: var(--weak); }
.facts { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; margin: 0; }
.facts div { display: flex; gap: .4rem; }
dt { color: var(--weak); }
dd { margin: 0; overflow-wrap: anywhere; }
.totals { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1.25rem 0 .75rem; padding: 0; }
.totals li {
  flex: 1 1 7rem; padding: .6rem .9rem; list-style: none; border: 1px solid var(--line);
  border-radius: .5rem; background: var(--raised);
}
.totals b { display: block; font-size: 1.6rem; line-height: 1.2; }
.shares { display: flex; gap: 2px; height: .6rem; border-radius: .3rem; overflow: hidden; }
.shares span { background: currentColor; }
table { width: 100%; border-collapse: collapse; }
caption { padding: .25rem 0; text-align: left; color: var(--weak); }
th, td { padding: .35rem .6rem; text-align: left; border-bottom: 1px solid var(--line); }
thead th { color: var(--weak); font-weight: 600; }
tbody th { min-width: 8rem; font-weight: 600; overflow-wrap: anywhere; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.wide { overflow-x: auto; }
details {
  margin: .5rem 0; border: 1px solid var(--line); border-left: .3rem solid var(--good);
  border-radius: .4rem;
}
details.failed { border-left-color: var(--bad); }
summary { display: flex; gap: .6rem; align-items: baseline; padding: .5rem .75rem; cursor: pointer; }
summary:focus-visible { outline: 3px solid var(--bar); outline-offset: 2px; }
summary::before { content: "▸"; width: .8rem; color: var(--weak); }
[open] > summary::before { content: "▾"; }
.time { display: flex; flex: none; gap: .6rem; align-items: center; }
.time .number { min-width: 4.5rem; }
.bar { width: 8rem; height: .5rem; border-radius: .25rem; background: var(--raised); }
.bar span { display: block; height: 100%; border-radius: .25rem; background: var(--bar); }
td .time { justify-content: flex-end; }
.inner { padding: 0 .75rem .75rem; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(18rem, 1fr)); gap: .75rem; }
figure { margin: 0; min-width: 0; }
figcaption { color: var(--weak); }
pre {
  margin: .2rem 0 0; padding: .6rem; max-height: 24rem; overflow: auto; white-space: pre-wrap;
  overflow-wrap: anywhere; border: 1px solid var(--line); border-radius: .4rem;
  background: var(--raised); font: .875rem/1.45 ui-monospace, monospace;
}
@media (max-width: 40rem) { .bar { display: none; } }
@media print { pre { max-height: none; } details { break-inside: avoid; } }
"""
