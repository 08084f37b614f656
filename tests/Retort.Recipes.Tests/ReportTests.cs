using System.Text.Json;
using System.Text.RegularExpressions;
using Retort.Analysis;
using Retort.Core;
using Retort.Recipes.Report;

namespace Retort.Recipes.Tests;

public sealed class ReportTests
{
    private static readonly Test Above = Test.LowerBoundAbove(0, "a - b"), Below = Test.UpperBoundBelow(0, "a - b");

    [Theory]
    [InlineData(0.1, 0.3, ClaimVerdict.Holds, ClaimVerdict.Fails)]
    [InlineData(-0.3, -0.1, ClaimVerdict.Fails, ClaimVerdict.Holds)]
    [InlineData(-0.1, 0.1, ClaimVerdict.Inconclusive, ClaimVerdict.Inconclusive)]
    [InlineData(0, 0, ClaimVerdict.Fails, ClaimVerdict.Fails)]
    [InlineData(double.NaN, double.NaN, ClaimVerdict.Inconclusive, ClaimVerdict.Inconclusive)]
    public void A_test_needs_the_whole_interval(double low, double high, ClaimVerdict above, ClaimVerdict below)
    {
        var measured = new Interval((low + high) / 2, low, high, 100);

        Assert.Equal(above, Above.Judge(measured));
        Assert.Equal(below, Below.Judge(measured));
    }

    [Fact]
    public void The_rule_a_reader_sees_is_made_from_the_test()
    {
        Assert.Equal("lower bound of (a - b) > 0", Above.ToString());
        Assert.Equal("upper bound of (a - b) < 0", Below.ToString());
        Assert.Equal(
            "inconclusive unless the share of its generator's problems the backtracking model solves >= 0.8",
            ReportSample.C1.GuardText);
        Assert.Equal("none", ReportSample.C2.GuardText);
    }

    [Fact]
    public void An_unmet_guard_silences_both_success_and_failure()
    {
        foreach (var interval in (Interval[])[new(0.2, 0.1, 0.3, 9), new(-0.2, -0.3, -0.1, 9)])
        {
            var result = ReportSample.C1.Judge([interval], [0.79]);

            Assert.Equal(ClaimVerdict.Inconclusive, result.Verdict);
            Assert.Contains("is 0.79, below 0.8", result.Reason, StringComparison.Ordinal);
            Assert.Equal(interval.Value, result.Value);
        }

        Assert.Equal(ClaimVerdict.Inconclusive, ReportSample.C1.Judge([new(0.2, 0.1, 0.3, 9)], [double.NaN]).Verdict);
        Assert.Equal(ClaimVerdict.Holds, ReportSample.C1.Judge([new(0.2, 0.1, 0.3, 9)], [0.8]).Verdict);
    }

    [Fact]
    public void A_claim_of_several_tests_holds_when_all_do_and_fails_when_one_does()
    {
        Interval below = new(-0.1, -0.2, -0.05, 9), above = new(0.1, 0.05, 0.2, 9), around = new(0, -0.1, 0.1, 9);

        Assert.Equal(ClaimVerdict.Holds, ReportSample.C2.Judge([below, above], []).Verdict);
        Assert.Equal(ClaimVerdict.Fails, ReportSample.C2.Judge([below, below], []).Verdict);
        Assert.Equal(ClaimVerdict.Fails, ReportSample.C2.Judge([around, below], []).Verdict);
        var open = ReportSample.C2.Judge([below, around], []);
        Assert.Equal(ClaimVerdict.Inconclusive, open.Verdict);
        Assert.Contains("on CountDown minus the same on Sudoku is 0 [-0.1, 0.1]", open.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Evidence_of_the_wrong_shape_is_a_mistake_of_the_program()
    {
        Assert.Throws<ArgumentException>(() => ReportSample.C2.Judge([new(0, 0, 0, 1)], []));
        Assert.Throws<ArgumentException>(() => ReportSample.C1.Judge([new(0, 0, 0, 1)], []));
    }

    [Fact]
    public void The_json_is_the_contracts_field_by_field()
    {
        var json = ReportSample.Report.ToJson();

        using var document = JsonDocument.Parse(json);
        var root = document.RootElement;
        Assert.Equal(
            ["recipe", "preset", "seeds", "commit", "config_sha256", "wall_seconds", "flops", "claims", "tables", "figures", "departures"],
            root.EnumerateObject().Select(p => p.Name));
        Assert.Equal(["train", "sample"], root.GetProperty("flops").EnumerateObject().Select(p => p.Name));
        string[] fields = ["id", "headline", "statement", "paper", "rule", "guard", "value", "low", "high", "n", "verdict"];
        var claims = root.GetProperty("claims").EnumerateArray().ToArray();
        Assert.Equal([.. fields, "tests"], claims[0].EnumerateObject().Select(p => p.Name));
        Assert.Equal([.. fields, "reason", "tests"], claims[^1].EnumerateObject().Select(p => p.Name));
        Assert.Equal(
            ["quantity", "value", "low", "high", "threshold", "verdict"],
            claims[0].GetProperty("tests")[0].EnumerateObject().Select(p => p.Name));
        Assert.Equal(
            ["holds", "fails", "inconclusive", "inconclusive", "not_run"],
            claims.Select(claim => claim.GetProperty("verdict").GetString()));
        Assert.Equal(JsonValueKind.Null, claims[^1].GetProperty("value").ValueKind);
        Assert.Equal(["name", "columns", "rows"], root.GetProperty("tables")[0].EnumerateObject().Select(p => p.Name));
        Assert.DoesNotContain("\\u003E", json, StringComparison.Ordinal);
    }

    [Fact]
    public void The_json_reads_back_as_it_was()
    {
        var json = ReportSample.Report.ToJson();

        var back = RunReport.FromJson(json, "report.json");

        Assert.Equal(json, back.ToJson());
        Assert.True(back.AnyFails);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{\"recipe\": 3}")]
    [InlineData("{\"recipe\": \"x\"}")]
    public void A_broken_report_is_one_clear_error(string text)
    {
        var error = Assert.Throws<UserError>(() => RunReport.FromJson(text, "runs/a/report.json"));

        Assert.Equal(2, error.ExitCode);
        Assert.StartsWith("runs/a/report.json: is not a report", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_page_tells_every_claim_with_paper_rule_guard_and_reason_escaped()
    {
        var html = ReportHtml.Render(ReportSample.Report, ReportSample.Page);

        foreach (var claim in ReportSample.Report.Claims)
        {
            foreach (var text in new[] { claim.Statement, claim.Paper, claim.Rule, claim.Guard, claim.Reason ?? "" })
            {
                Assert.Contains(System.Net.WebUtility.HtmlEncode(text), html, StringComparison.Ordinal);
            }
        }

        Assert.DoesNotContain("<explains>", html, StringComparison.Ordinal);
        Assert.Contains("&lt;explains&gt; the flip &amp; &quot;more&quot;", html, StringComparison.Ordinal);
        Assert.Contains("backtracking &lt;b&gt;", html, StringComparison.Ordinal);
        foreach (var (name, count) in new[] { ("holds", 1), ("fails", 1), ("inconclusive", 2), ("not run", 1) })
        {
            Assert.Equal(count, Regex.Count(html, $"class=\"badge [a-z-]+\">{name}<"));
        }

        Assert.All(ReportSample.Report.Departures, line =>
            Assert.Contains(System.Net.WebUtility.HtmlEncode(line), html, StringComparison.Ordinal));
        Assert.Equal(html, ReportHtml.Render(ReportSample.Report, ReportSample.Page));
    }

    [Fact]
    public void The_page_holds_everything_it_needs()
    {
        var html = ReportHtml.Render(ReportSample.Report, ReportSample.Page);

        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<link", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("@import", html, StringComparison.OrdinalIgnoreCase);
        // The only addresses are namespaces, which nobody fetches.
        Assert.All(
            Regex.Matches(html, "https?://[^\"' )<]+").Select(match => match.Value),
            address => Assert.StartsWith("http://www.w3.org/", address, StringComparison.Ordinal));
        Assert.All(Regex.Matches(html, @"url\(([^)]{0,12})").Select(m => m.Groups[1].Value), target =>
            Assert.True(target.StartsWith("data:", StringComparison.Ordinal) || target.StartsWith('#'), target));
        Assert.Equal(ReportSample.Figures.Count, Regex.Count(html, "<figure "));
    }

    [Fact]
    public void The_summary_says_the_outcome_in_words() => Assert.StartsWith(
        "Of 5 claims, 1 holds, 1 fails, 2 are inconclusive, 1 was not run. C1 holds: On CountDown, at equal compute, the "
        + "direct model with best-of-n beats the backtracking model (measured 0.123 [0.081, 0.164], n = 400).",
        ReportWords.Summary(ReportSample.Report), StringComparison.Ordinal);

    [Theory]
    [InlineData(0.12345, "0.123")]
    [InlineData(-0.5, "−0.500")]
    [InlineData(812544, "812\u2009544")]
    [InlineData(0.00001, "1.0e−5")]
    [InlineData(0, "0")]
    [InlineData(1234.56, "1\u2009234.6")]
    public void Numbers_are_written_for_people(double value, string expected) =>
        Assert.Equal(expected, ReportWords.Number(value));

    [Theory]
    [InlineData(12.34, "12.3 s")]
    [InlineData(427.25, "7 min 7 s")]
    [InlineData(7260, "2 h 1 min")]
    public void Durations_are_written_for_people(double seconds, string expected) =>
        Assert.Equal(expected, ReportWords.Duration(seconds));
}
