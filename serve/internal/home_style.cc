#include "serve/internal/home_page.h"

namespace slowburn::serve::internal {

const std::string_view kHomeStyle = R"css(
:root {
  --ground: #f6f7f9; --paper: #ffffff; --ink: #1b222c; --faint: #69737f; --line: #e1e5ea;
  --ok: #1a7f45; --burning: #b54708; --exhausted: #b42318; --invalid: #7a3fb0; --no_data: #5d6875;
  --link: #175cb8; --target: #fff6d6;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #10141a; --paper: #181e26; --ink: #e4e9ef; --faint: #939eab; --line: #2a323d;
    --ok: #4cc38a; --burning: #f5a04c; --exhausted: #ff7b72; --invalid: #c59af0; --no_data: #a3aebb;
    --link: #79b2f7; --target: #33301c;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--ground); color: var(--ink);
  font: 14px/1.45 system-ui, -apple-system, "Segoe UI", "Liberation Sans", sans-serif;
}
a { color: var(--link); text-decoration: none; }
a:hover { text-decoration: underline; }
header, footer {
  display: flex; flex-wrap: wrap; align-items: center; gap: 8px 14px; padding: 14px 20px;
}
h1 { margin: 0; font-size: 18px; letter-spacing: -0.01em; }
h1 a { color: inherit; }
nav { display: flex; flex-wrap: wrap; gap: 8px 14px; margin-left: auto; align-items: center; }
footer { color: var(--faint); font-size: 12px; }
.version { color: var(--faint); }
.chosen { font-weight: 600; }
.ready { color: var(--ok); }
.unready, .hot { color: var(--exhausted); font-weight: 600; }
.none, i { color: var(--faint); font-style: normal; }
main { padding: 0 20px; overflow-x: auto; }
table {
  width: 100%; border-collapse: separate; border-spacing: 0; background: var(--paper);
  border: 1px solid var(--line); border-radius: 8px; font-size: 13px;
  font-variant-numeric: tabular-nums;
}
th, td { padding: 8px; text-align: left; vertical-align: top; font-weight: 400; }
thead th { color: var(--faint); font-size: 12px; white-space: nowrap; }
tbody tr > * { border-top: 1px solid var(--line); }
tr.group > * { border-top: 0; padding-top: 3px; padding-bottom: 3px; }
tr:last-child > * { padding-bottom: 10px; }
tr.slo th { font-weight: 600; }
tr.group th { padding-left: 24px; overflow-wrap: anywhere; min-width: 180px; max-width: 320px; }
tbody:target { background: var(--target); }
.number, th.number { text-align: right; white-space: nowrap; }
.budget, .burns, .age { white-space: nowrap; }
/* A column per window: its name stands in the SLO's row, and for who listens in each. */
.burn { display: inline-block; min-width: 38px; text-align: right; }
.burn i { display: block; font-size: 11px; line-height: 1; }
.group .burn i { position: absolute; clip-path: inset(50%); width: 1px; overflow: hidden; }
tr.policy > td { padding: 0 8px 10px 24px; border-top: 0; }
tr.policy table { width: auto; border: 0; background: none; font-size: 12px; }
tr.policy th, tr.policy td, tr.policy tr:last-child > * { padding: 2px 14px 2px 0; border: 0; }
.tier { display: block; color: var(--faint); font-size: 12px; cursor: help; }
.runbook { display: block; font-weight: 400; font-size: 12px; }
meter { width: 64px; height: 12px; vertical-align: -1px; }
.state { color: var(--no_data); white-space: nowrap; }
.state::before {
  content: ""; display: inline-block; width: 8px; height: 8px; margin-right: 6px;
  border-radius: 50%; background: currentColor;
}
.state.ok { color: var(--ok); }
.state.burning { color: var(--burning); font-weight: 600; }
.state.exhausted { color: var(--exhausted); font-weight: 600; }
.state.invalid { color: var(--invalid); font-weight: 600; }
.excluded { border: 1px solid var(--faint); border-radius: 3px; padding: 0 .3em; white-space: nowrap; }
.firing {
  display: inline-block; padding: 0 7px; border: 1px solid currentColor; border-radius: 9px;
  color: var(--exhausted); font-size: 12px; white-space: nowrap;
}
.trouble {
  margin: 0 20px 14px; padding: 10px 14px; border-left: 4px solid var(--exhausted);
  background: var(--paper); white-space: pre-wrap; overflow-wrap: anywhere;
}
)css";

}  // namespace slowburn::serve::internal
