using Retort.Inference;
using Retort.Recipes.LengthGeneralization;
using Retort.Recipes.Report;
using Retort.Tasks.VariableAssignment;
using Retort.Training;

namespace Retort.Recipes.Tests;

/// <summary>The study's rules on made-up evidence whose verdict is plain, and the accounting of errors by hand.</summary>
public class LengthGeneralizationJudgeTests
{
    private const int Problems = 100;

    private static readonly LengthGeneralizationSettings Settings = LengthGeneralizationPresets.Settings("full") with { Seeds = [1, 2, 3] };

    [Theory]
    [InlineData(0.8, 0.0, 1, ClaimVerdict.Holds)]
    [InlineData(0.51, 0.5, 1, ClaimVerdict.Inconclusive)]
    [InlineData(0.2, 0.7, 1, ClaimVerdict.Fails)]
    [InlineData(0.9, 0.0, 0.9, ClaimVerdict.Inconclusive)]
    public void Coupling_is_compared_with_the_best_of_the_others_if_all_have_learned_the_range(double coupled, double others, double inRange, ClaimVerdict verdict)
    {
        foreach (var (claim, scheme) in new[] { (LengthGeneralizationClaims.B4, Scheme.Coupled), (LengthGeneralizationClaims.B6, Scheme.Predictive) })
        {
            var evidence = Made(claim, (cell, length) => length <= 12 ? cell.Scheme == Scheme.NoPe ? inRange : 1
                : length == 24 ? cell.Scheme == scheme ? coupled : cell.Scheme == Scheme.Alibi ? others : 0 : 0.5);
            Assert.Equal(verdict, LengthGeneralizationJudge.Judge(claim, evidence).Verdict);
        }
    }

    [Theory]
    [InlineData(0.9, 1, ClaimVerdict.Holds)]
    [InlineData(0.2, 1, ClaimVerdict.Fails)]
    [InlineData(0.9, 0.5, ClaimVerdict.Inconclusive)]
    public void Predicted_ids_must_carry_beyond_the_range_they_were_learned_on(double beyond, double inRange, ClaimVerdict verdict)
    {
        var evidence = Made(LengthGeneralizationClaims.B5, (_, length) => length <= 12 ? inRange : length == 18 ? beyond : 0.5);
        Assert.Equal(verdict, LengthGeneralizationJudge.Judge(LengthGeneralizationClaims.B5, evidence).Verdict);
    }

    [Fact]
    public void An_encoding_that_has_not_learned_variable_assignment_leaves_its_comparison_open()
    {
        double Of(ModelKind cell, int length, double rope) => length <= 12 ? cell.Scheme == Scheme.Rope ? rope : 1 : cell.Scheme.Predicts ? 0.9 : 0.1;
        Assert.Equal(ClaimVerdict.Holds, LengthGeneralizationJudge.Judge(
            LengthGeneralizationClaims.B6b, Made(LengthGeneralizationClaims.B6b, (cell, length) => Of(cell, length, 1))).Verdict);
        Assert.Equal(ClaimVerdict.Inconclusive, LengthGeneralizationJudge.Judge(
            LengthGeneralizationClaims.B6b, Made(LengthGeneralizationClaims.B6b, (cell, length) => Of(cell, length, 0.9))).Verdict);
    }

    [Fact]
    public void Seeds_that_differ_widen_the_interval()
    {
        var claim = LengthGeneralizationClaims.B5;
        LengthOutcome Outcome(int seed, int length) => Answered(length, length <= 12 ? 1 : seed == 2 ? 0.1 : 1);
        var evidence = new Evidence(Settings, ModelKind.Of(claim.Id, Settings).ToDictionary(cell => cell.Name, cell => (cell, (IReadOnlyList<CellOutcome>)
        [
            .. Enumerable.Range(0, 3).Select(seed => new CellOutcome([.. Settings.VariableModels.TestLengths.Select(length => Outcome(seed, length))], [])),
        ])), 1);
        var result = LengthGeneralizationJudge.Judge(claim, evidence);
        Assert.Equal(ClaimVerdict.Inconclusive, result.Verdict);
        Assert.Equal(0.7, result.Value!.Value, 9);
        Assert.True(result.Low < 0);
    }

    [Fact]
    public void Generalization_length_is_the_longest_that_is_solved()
    {
        var outcome = new CellOutcome([Answered(12, 1), Answered(18, 0.5), Answered(24, 0.92), Answered(36, 0.89)], []);
        Assert.Equal(24, outcome.GeneralizationLength(0.9));
        Assert.Equal(36, outcome.GeneralizationLength(0.89));
        Assert.Equal(0, new CellOutcome([Answered(12, 0.5)], []).GeneralizationLength(0.9));
    }

    [Fact]
    public void Errors_of_tokens_and_of_ids_are_told_apart_step_by_step()
    {
        // Lines 1 to 6; the chain is v0 v1 v2 v3, its ids 1, 3, 5 for v0, v1, v2.
        var task = new VariableAssignmentTask(new() { Length = new(6, 6) });
        const string Prompt = "v0 v1 v9 v8 v1 v2 v8 v7 v2 v3 v7 v6 = v0";
        var item = task.FromPrompt(Prompt, "x");
        Assert.Equal("v1 v2 v3", item.Answer);
        (string Text, int[] Ids)[] written =
        [
            ("v1 v2 v3", [3, 5, 0, 0]), ("v1 v2 v3", [3, 4, 0, 0]), ("v1 v7 v6", [3, 6, 0, 0]), ("v2 v2 v3", [3, 5, 0, 0]), ("v1 v2 v3 v3", [3, 5, 0, 0, 0]), ("v1", [3, 0]),
        ];
        var items = written.Select(_ => item).ToArray();
        var graded = written.Select((one, i) => new GradedCompletion(
            i, 0, 14, new Completion(i, 0, new int[one.Ids.Length], new float[one.Ids.Length], FinishReason.Stop) { PositionIds = one.Ids }, one.Text, task.Verify(item, one.Text))).ToArray();
        var outcome = LengthOutcome.Of(task, items, graded, predicts: true);
        Assert.Equal([FirstError.None, FirstError.Id, FirstError.Both, FirstError.Token, FirstError.End, FirstError.Both], outcome.First);
        Assert.Equal([1, 1, 0, 0, 0, 0], outcome.Exact);
        Assert.Equal([new(6, 1, 0), new(5, 2, 3), new(2, 0, 0)], outcome.Steps);
        Assert.Equal([1, 1, 1.0 / 3, 2.0 / 3, 1, 1.0 / 3], outcome.Tokens, (a, b) => Math.Abs(a - b) < 1e-12);
        Assert.Equal([1, 2.0 / 3, 2.0 / 3, 1, 1, 1.0 / 3], outcome.Ids, (a, b) => Math.Abs(a - b) < 1e-12);
        Assert.Equal([1, 1, 0, 1, 1, 0], outcome.Last);
        Assert.Empty(LengthOutcome.Of(task, items, graded, predicts: false).Ids);
    }

    [Fact]
    public void Claims_are_of_lengths_that_are_asked_and_their_guards_have_the_schemes_of_their_rules()
    {
        foreach (var preset in LengthGeneralizationPresets.All)
        {
            var settings = LengthGeneralizationPresets.Settings(preset.Name);
            Assert.Null(settings.FindProblem());
            foreach (var study in new[] { Study.Parity, Study.Variables }.Select(name => Study.Of(name, settings)))
            {
                Assert.Contains(study.Judged, study.Settings.TestLengths);
                Assert.Contains(study.Trained.High, study.InRange);
            }
        }
    }

    private static Evidence Made(Claim claim, Func<ModelKind, int, double> exact) => new(Settings, ModelKind.Of(claim.Id, Settings).ToDictionary(cell => cell.Name, cell =>
    {
        var lengths = Study.Of(cell.Study, Settings).Settings.TestLengths;
        var outcome = new CellOutcome([.. lengths.Select(length => Answered(length, exact(cell, length)))], []);
        return (cell, (IReadOnlyList<CellOutcome>)[outcome, outcome, outcome]);
    }), 1);

    private static LengthOutcome Answered(int length, double exact)
    {
        double[] right = [.. Enumerable.Range(0, Problems).Select(i => i < Math.Round(exact * Problems) ? 1.0 : 0)];
        return new(length, right, right, right, [], [.. right.Select(one => one > 0 ? FirstError.None : FirstError.Token)], []);
    }
}
