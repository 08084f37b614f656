using System.Text.Json;
using Retort.Recipes.Report;

namespace Retort.Recipes.Experiment;

/// <summary>
/// Time and work of a run over all its sittings, booked in timing.jsonl as it goes, so that a killed process loses
/// what it spent since the last checkpoint and no more.
/// </summary>
internal sealed class Spending(RunFolder folder, TimeProvider time)
{
    private const string Phase = "sitting";

    private readonly (double Seconds, FlopCounts Flops) earlier = Read(folder.TimingPath);
    private readonly long start = time.GetTimestamp();
    private (double Seconds, FlopCounts Flops) booked = (0, new(0, 0));

    /// <summary>FLOPs of this sitting.</summary>
    public FlopCounts Flops { get; set; } = new(0, 0);

    /// <summary>Writes down what was spent since the last time.</summary>
    public void Book()
    {
        var seconds = Seconds;
        folder.AppendTiming(Phase, 0,
        [
            new("seconds", seconds - booked.Seconds), new("train_flops", Flops.Train - booked.Flops.Train),
            new("sample_flops", Flops.Sample - booked.Flops.Sample),
        ]);
        booked = (seconds, Flops);
    }

    /// <summary>All sittings together, with what the joined <paramref name="parts"/> report.</summary>
    public (double Seconds, FlopCounts Flops) Total(IEnumerable<string> parts)
    {
        var (seconds, train, sample) =
            (earlier.Seconds + Seconds, earlier.Flops.Train + Flops.Train, earlier.Flops.Sample + Flops.Sample);
        foreach (var part in parts)
        {
            using var run = RunFolder.Open(part);
            var report = run.ReadReport();
            (seconds, train, sample) = (seconds + report.WallSeconds, train + report.Flops.Train, sample + report.Flops.Sample);
        }

        return (seconds, new(train, sample));
    }

    private double Seconds => time.GetElapsedTime(start).TotalSeconds;

    private static (double Seconds, FlopCounts Flops) Read(string path)
    {
        var (seconds, train, sample) = (0.0, 0.0, 0.0);
        foreach (var line in File.Exists(path) ? File.ReadLines(path) : [])
        {
            using var document = JsonDocument.Parse(line);
            var root = document.RootElement;
            if (root.GetProperty("phase").GetString() == Phase)
            {
                seconds += root.GetProperty("seconds").GetDouble();
                train += root.GetProperty("train_flops").GetDouble();
                sample += root.GetProperty("sample_flops").GetDouble();
            }
        }

        return (seconds, new(train, sample));
    }
}
