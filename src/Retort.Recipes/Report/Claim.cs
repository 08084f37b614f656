using System.Globalization;
using Retort.Analysis;

namespace Retort.Recipes.Report;

/// <summary>What a run says of a claim.</summary>
public enum ClaimVerdict
{
    /// <summary>Every test of the rule is passed by the whole interval.</summary>
    Holds,

    /// <summary>A test of the rule is failed by the whole interval.</summary>
    Fails,

    /// <summary>An interval holds the threshold, or a guard did not let the run speak.</summary>
    Inconclusive,

    /// <summary>The run did not try.</summary>
    NotRun,
}

/// <summary>
/// One test of a rule: a quantity's interval must lie wholly on one side of a threshold. The text a reader sees is made
/// from the test itself, so it cannot say anything else.
/// </summary>
/// <param name="Quantity">What is measured, in words: "direct - backtracking at equal compute".</param>
/// <param name="Threshold">Where the sides meet.</param>
/// <param name="Above">True: lower bound above the threshold. False: upper bound below it.</param>
public sealed record Test(string Quantity, double Threshold, bool Above)
{
    /// <summary>"lower bound of (quantity) > threshold".</summary>
    public static Test LowerBoundAbove(double threshold, string quantity) => new(quantity, threshold, true);

    /// <summary>"upper bound of (quantity) &lt; threshold".</summary>
    public static Test UpperBoundBelow(double threshold, string quantity) => new(quantity, threshold, false);

    /// <summary>Holds or fails when the whole interval is on one side; inconclusive when it holds the threshold.</summary>
    public ClaimVerdict Judge(Interval measured) => (Above, measured) switch
    {
        (true, var m) when m.Low > Threshold => ClaimVerdict.Holds,
        (true, var m) when m.High <= Threshold => ClaimVerdict.Fails,
        (false, var m) when m.High < Threshold => ClaimVerdict.Holds,
        (false, var m) when m.Low >= Threshold => ClaimVerdict.Fails,
        _ => ClaimVerdict.Inconclusive,
    };

    /// <inheritdoc/>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{(Above ? "lower" : "upper")} bound of ({Quantity}) {(Above ? '>' : '<')} {Threshold:0.####}");
}

/// <summary>A condition without which a run proves nothing: the claim is inconclusive below <paramref name="AtLeast"/>.</summary>
public sealed record Guard(string Quantity, double AtLeast)
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"inconclusive unless {Quantity} >= {AtLeast:0.####}");
}

/// <summary>
/// A published claim with its rule and guards, all written before any run. Judging is a pure function of what was
/// measured. The first test's quantity is the claim's reported value.
/// </summary>
/// <param name="Id">The paper document's number, e.g. "C1".</param>
/// <param name="Headline">Judged in the quick preset too.</param>
/// <param name="Statement">The claim, testable.</param>
/// <param name="Paper">What the paper reports.</param>
/// <param name="Tests">The claim holds when all hold and fails when one fails.</param>
/// <param name="Guards">All must be met.</param>
public sealed record Claim(
    string Id, bool Headline, string Statement, string Paper, IReadOnlyList<Test> Tests, IReadOnlyList<Guard> Guards)
{
    /// <summary>The rule as text.</summary>
    public string Rule => string.Join("; and ", Tests);

    /// <summary>The guards as text.</summary>
    public string GuardText => Guards.Count == 0 ? "none" : string.Join("; ", Guards);

    /// <summary>The verdict on measured evidence.</summary>
    /// <param name="measured">One interval a test, in the tests' order.</param>
    /// <param name="guards">One value a guard, in the guards' order.</param>
    public ClaimResult Judge(IReadOnlyList<Interval> measured, IReadOnlyList<double> guards)
    {
        if (measured.Count != Tests.Count || guards.Count != Guards.Count)
        {
            throw new ArgumentException(
                $"Claim {Id} has {Tests.Count} tests and {Guards.Count} guards, not {measured.Count} and {guards.Count}.");
        }

        var unmet = Guards.Zip(guards).Where(g => !(g.Second >= g.First.AtLeast)).ToArray();
        var verdicts = Tests.Zip(measured, (test, interval) => test.Judge(interval)).ToArray();
        var verdict = unmet.Length > 0 ? ClaimVerdict.Inconclusive
            : verdicts.Contains(ClaimVerdict.Fails) ? ClaimVerdict.Fails
            : verdicts.All(v => v == ClaimVerdict.Holds) ? ClaimVerdict.Holds
            : ClaimVerdict.Inconclusive;
        return Empty(verdict, Reason(verdict, measured, verdicts, unmet)) with
        {
            Value = Finite(measured[0].Value),
            Low = Finite(measured[0].Low),
            High = Finite(measured[0].High),
            N = measured[0].N,
            Tests = [.. Tests.Select((test, i) => new TestResult(
                test.Quantity, Finite(measured[i].Value), Finite(measured[i].Low), Finite(measured[i].High), test.Threshold, verdicts[i]))],
        };
    }

    /// <summary>The result of a run that did not try, with the reason.</summary>
    public ClaimResult NotRun(string reason) => Empty(ClaimVerdict.NotRun, reason);

    private ClaimResult Empty(ClaimVerdict verdict, string? reason) =>
        new(Id, Headline, Statement, Paper, Rule, GuardText, null, null, null, 0, verdict, reason);

    private string? Reason(
        ClaimVerdict verdict, IReadOnlyList<Interval> measured, ClaimVerdict[] verdicts,
        (Guard Guard, double Value)[] unmet)
    {
        static string Number(double value) => value.ToString("0.####", CultureInfo.InvariantCulture);
        if (unmet.Length > 0)
        {
            return string.Join(
                "; ", unmet.Select(g => $"{g.Guard.Quantity} is {Number(g.Value)}, below {Number(g.Guard.AtLeast)}"));
        }

        // A claim of one test needs no words for holding or failing: its interval says it.
        var telling = Enumerable.Range(0, Tests.Count)
            .Where(i => verdicts[i] == verdict && verdict != ClaimVerdict.Holds && (i > 0 || verdict == ClaimVerdict.Inconclusive));
        var reasons = telling.Select(i =>
            $"{Tests[i].Quantity} is {Number(measured[i].Value)} [{Number(measured[i].Low)}, {Number(measured[i].High)}]"
            + (verdict == ClaimVerdict.Inconclusive
                ? $", an interval that holds {Number(Tests[i].Threshold)}"
                : $", on the wrong side of {Number(Tests[i].Threshold)}"));
        return string.Join("; ", reasons) is { Length: > 0 } text ? text : null;
    }

    private static double? Finite(double value) => double.IsFinite(value) ? value : null;
}
