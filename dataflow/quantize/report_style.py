"""The style of the report's page."""

STYLE = """
:root{color-scheme:light dark;--paper:#f6f8fa;--card:#fff;--ink:#1b2430;--dim:#5b6675;--line:#d9e0e8;--accent:#2563c4;
--l:40%;--tint:94%;--sat:60%}
@media(prefers-color-scheme:dark){:root{--paper:#0e1217;--card:#171c23;--ink:#e6ebf1;--dim:#98a5b5;--line:#2a323d;
--accent:#6ea8ff;--l:62%;--tint:17%;--sat:35%}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);
font:15px/1.5 system-ui,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main{max-width:1120px;margin:0 auto;padding:32px 24px}
header h1{font-size:28px;margin:0}header p{margin:4px 0 24px;color:var(--dim)}
h2{font-size:18px;margin:40px 0 12px}h3{font-size:14px;margin:12px 0 6px;font-weight:600}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(170px,1fr));gap:12px}
.card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:12px 16px;display:flex;
flex-direction:column}
.card span{color:var(--dim);font-size:13px}.card b{font-size:24px;font-weight:600;font-variant-numeric:tabular-nums}
.card small{color:var(--dim);font-size:12px}
.wide{overflow-x:auto;background:var(--card);border:1px solid var(--line);border-radius:10px}
.wide svg{display:block;margin:0 auto}
table{border-collapse:collapse;width:100%;font-size:13px;font-variant-numeric:tabular-nums}
th{text-align:left;color:var(--dim);font-weight:500;border-bottom:1px solid var(--line)}
th,td{padding:7px 12px;white-space:nowrap}.n{text-align:right}
tbody tr+tr td{border-top:1px solid var(--line)}
tr.tint td:first-child{box-shadow:inset 4px 0 hsl(var(--hue) 60% 48%)}
figure{margin:0 0 16px;background:var(--card);border:1px solid var(--line);border-radius:10px;padding:10px 14px}
figcaption{font-size:13px;color:var(--dim)}figcaption b{color:var(--ink)}
svg text{fill:var(--dim);font:11px ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace}
.bar{fill:var(--accent)}.bar.out{fill:hsl(8 70% 52%)}.grid{stroke:var(--dim);
stroke-opacity:.35}.axis{stroke:var(--line)}
.end{stroke:hsl(8 70% 52%);stroke-dasharray:4 3}.curve{fill:none;stroke:var(--accent);stroke-width:1.8}
.curve.b{stroke:hsl(28 80% 50%)}.neg{fill:hsl(150 45% 45%)}
footer{margin-top:48px;color:var(--dim);font-size:12px}
@media print{body{background:#fff}main{max-width:none;padding:0}section{break-inside:avoid-page}.wide{overflow:visible}}
""".strip()
