using System.Text.Json;
using Retort.Core;
using Retort.Tasks;
using Retort.Tasks.CountDown;

namespace Retort.Cli.TaskKinds;

/// <summary>CountDown on the command line.</summary>
internal sealed class KnownCountDown(CountDownTask task) : KnownTask
{
    private const int DefaultCount = 1000;
    private const string Expected = "objects with \"nums\" and \"target\", one a line";

    public override ITask Task => task;

    public CountDownSettings Settings => task.Settings;

    /// <summary>
    /// Of each line only "nums" (or, as our own export has it, "numbers") and "target" are read: a published prompt may give
    /// the solution away.
    /// </summary>
    public override IReadOnlyList<TaskItem> ReadItems(string path, int? most) => [.. ReadProblems(path, most).Select(problem => task.FromProblem(problem.Numbers, problem.Target, problem.Where))];

    public override OracleResult Solve(string? path, int? count, int threads, TimeProvider time)
    {
        // A direct demonstration is the first solution: the search for it is all the work there is.
        var direct = new CountDownTask(Settings with { Variant = CountDownVariant.Direct });
        var problems = path is null ? null : ReadProblems(path, count);
        var start = time.GetTimestamp();
        var solved = ParallelItems.Make(problems?.Count ?? count ?? DefaultCount, threads, i =>
        {
            var item = problems is null ? direct.Create(Split.Test, i) : direct.FromProblem(problems[i].Numbers, problems[i].Target, problems[i].Where);
            return item.Solution.Count > 0 && direct.Verify(item, item.Answer).Correct;
        });
        return new OracleResult(solved.Length, solved.Count(right => right), null, time.GetElapsedTime(start).TotalSeconds);
    }

    public override void Export(string path, Split split, long count, int threads, Action<long> progress, CancellationToken cancellation) =>
        CountDownExport.Write(path, Settings, split, count, threads, progress, cancellation);

    private static List<OutsideProblem> ReadProblems(string path, int? most)
    {
        var problems = new List<OutsideProblem>();
        foreach (var line in InputFile.ReadObjects(path, Expected).Take(most ?? int.MaxValue))
        {
            if (!(line.Fields.TryGetProperty("nums", out var numbers) || line.Fields.TryGetProperty("numbers", out numbers))
                || numbers.ValueKind != JsonValueKind.Array
                || !line.Fields.TryGetProperty("target", out var target))
            {
                throw UserError.Request(line.Where, "has no \"nums\" and \"target\"", Expected);
            }

            problems.Add(new([.. numbers.EnumerateArray().Select(number => Whole(number, line.Where))], Whole(target, line.Where), line.Where));
        }

        return problems;
    }

    private static int Whole(JsonElement number, string where) => number.ValueKind == JsonValueKind.Number && number.TryGetInt32(out var value)
        ? value
        : throw UserError.Request(where, $"has {number.GetRawText()} for a number", "a whole number");

    private sealed record OutsideProblem(int[] Numbers, int Target, string Where);
}
