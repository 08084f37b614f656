using System.Text;
using Retort.Recipes.Figures;

namespace Retort.Recipes.Report;

/// <summary>The page's style sheet, the figures' font and their colours on a dark page included.</summary>
internal static class ReportStyle
{
    private static readonly Lazy<string> LazyCss = new(Build);

    public static string Css => LazyCss.Value;

    private const string Base = """
        :root {
          --page: #fefefe; --panel: #f6f7f8; --ink: #1a1d21; --muted: #59616b; --line: #e0e3e7; --rule: #8c939c;
          --holds: #0b6b3a; --holds-bg: #dcf3e5; --fails: #a8201a; --fails-bg: #fbe3e1;
          --inconclusive: #7a5200; --inconclusive-bg: #fbeecb; --not-run: #59616b; --not-run-bg: #eceef0;
          color-scheme: light dark;
        }
        @media (prefers-color-scheme: dark) { :root {
          --page: #16191e; --panel: #1e2228; --ink: #eceef1; --muted: #a3abb6; --line: #30353d; --rule: #767e89;
          --holds: #6fdc9f; --holds-bg: #143524; --fails: #ff9a92; --fails-bg: #45191a;
          --inconclusive: #f1c660; --inconclusive-bg: #3b2e10; --not-run: #a3abb6; --not-run-bg: #2a2f37;
        } }
        * { box-sizing: border-box; }
        html { -webkit-text-size-adjust: 100%; }
        body { margin: 0; background: var(--page); color: var(--ink);
          font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, Inter, "Helvetica Neue", Arial, sans-serif; }
        main { max-width: 66rem; margin: 0 auto; padding: 3rem 1.5rem 5rem; }
        .eyebrow { margin: 0; color: var(--muted); font-size: .875rem; letter-spacing: .02em; }
        h1 { margin: .35rem 0 .25rem; font-size: clamp(1.6rem, 4vw, 2.25rem); line-height: 1.15; letter-spacing: -.018em; text-wrap: balance; }
        h2 { margin: 3.25rem 0 1rem; font-size: 1.3rem; letter-spacing: -.01em; }
        .source { margin: 0; color: var(--muted); }
        .summary { margin: 1.5rem 0 0; max-width: 46rem; font-size: 1.125rem; text-wrap: pretty; }
        table { border-collapse: collapse; font-variant-numeric: tabular-nums lining-nums; }
        th { color: var(--muted); font-weight: 500; font-size: .8125rem; text-align: left; vertical-align: bottom; }
        .number { text-align: right; white-space: nowrap; }
        .claims { width: 100%; }
        .claims th { padding: 0 1rem .5rem 0; border-bottom: 1px solid var(--rule); }
        .claims td { padding: 1.1rem 1rem 1.1rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
        .claims th:last-child, .claims td:last-child { padding-right: 0; }
        .claims p { margin: 0; }
        .statement { max-width: 38rem; font-weight: 500; text-wrap: pretty; }
        .statement b { margin-right: .3rem; }
        .reason { margin-top: .35rem !important; color: var(--muted); font-style: italic; max-width: 38rem; }
        .claims dl { display: grid; grid-template-columns: 3.6rem 1fr; gap: .15rem .5rem; margin: .6rem 0 0; font-size: .875rem;
          color: var(--muted); max-width: 38rem; line-height: 1.45; }
        .claims dt { font-weight: 600; }
        .claims dd { margin: 0; }
        .badge { display: inline-block; min-width: 6.4rem; padding: .16rem .6rem; border-radius: 99px; text-align: center;
          font-size: .8125rem; font-weight: 600; white-space: nowrap; }
        .badge.holds { color: var(--holds); background: var(--holds-bg); }
        .badge.fails { color: var(--fails); background: var(--fails-bg); }
        .badge.inconclusive { color: var(--inconclusive); background: var(--inconclusive-bg); }
        .badge.not-run { color: var(--not-run); background: var(--not-run-bg); }
        .tag { margin-left: .25rem; padding: .05rem .4rem; border: 1px solid var(--line); border-radius: 4px; color: var(--muted);
          font-size: .6875rem; font-weight: 500; vertical-align: .12em; white-space: nowrap; }
        .estimate { white-space: nowrap; }
        .estimate span { display: block; font-size: .9375rem; }
        .estimate .quantity { white-space: normal; width: 190px; margin: .5rem 0 .25rem; font-size: .75rem; line-height: 1.3; color: var(--muted); }
        .interval { display: block; }
        .interval.holds { color: var(--holds); } .interval.fails { color: var(--fails); }
        .interval.inconclusive { color: var(--inconclusive); } .interval.not-run { color: var(--not-run); }
        .interval .axis { stroke: var(--line); }
        .interval .threshold { stroke: var(--muted); stroke-width: 1.25; stroke-dasharray: 3 2.5; }
        .interval text { fill: var(--muted); font-size: 11.5px; }
        .interval .whisker { stroke: currentColor; stroke-width: 2.75; stroke-linecap: round; }
        .interval circle { fill: currentColor; stroke: var(--page); stroke-width: 1.5; }
        figure { margin: 0 0 2.75rem; break-inside: avoid; }
        figure svg { display: block; width: 100%; height: auto; min-width: 36rem; }
        .scroll { overflow-x: auto; }
        figcaption { max-width: 46rem; margin-top: .25rem; padding-left: .9rem; color: var(--muted); font-size: .9375rem; text-wrap: pretty; }
        .data { margin: 0 0 2.25rem; font-size: .9375rem; }
        .data caption { padding-bottom: .5rem; text-align: left; font-weight: 600; }
        .data th, .data td { padding: .35rem 1.5rem .35rem 0; border-bottom: 1px solid var(--line); }
        .data th { border-bottom-color: var(--rule); }
        .data th.number { text-align: right; }
        .data th:last-child, .data td:last-child { padding-right: .25rem; }
        li { margin: .3rem 0; max-width: 46rem; }
        .facts { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1.75rem; margin: 0; font-variant-numeric: tabular-nums; }
        .facts dt { color: var(--muted); } .facts dd { margin: 0; overflow-wrap: anywhere; }
        code, pre { font-family: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: .875em; }
        details { margin-top: 1.5rem; } summary { cursor: pointer; color: var(--muted); }
        pre { margin: .75rem 0 0; padding: 1rem 1.25rem; overflow-x: auto; border-radius: 8px; background: var(--panel); line-height: 1.5; }
        @media (max-width: 48rem) {
          main { padding: 1.75rem 1.1rem 3rem; }
          .claims thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
          .claims, .claims tbody, .claims tr, .claims td { display: block; }
          .claims tr { padding: 1.1rem 0; border-bottom: 1px solid var(--line); }
          .claims td { padding: .3rem 0; border: 0; }
          .claims td.number { text-align: left; color: var(--muted); font-size: .875rem; }
          .claims td.number::before { content: "n = "; }
        }
        @media print {
          body { font-size: 10.5pt; } main { max-width: none; padding: 0; }
          h2 { margin-top: 1.75rem; break-after: avoid; } .claims tr { break-inside: avoid; } figure svg { min-width: 0; }
          .badge { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
        }

        """;

    private static string Build()
    {
        var css = new StringBuilder(Base).Append(FigureFont.Css).Append('\n');
        css.Append("@media screen and (prefers-color-scheme: dark) {\n");
        foreach (var color in Palette.All)
        {
            css.Append($"figure svg [fill=\"{color.Light}\"] {{ fill: {color.Dark}; }} ")
                .Append($"figure svg [stroke=\"{color.Light}\"] {{ stroke: {color.Dark}; }}\n");
        }

        return css.Append("}\n").ToString();
    }
}
