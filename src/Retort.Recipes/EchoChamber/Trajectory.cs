using System.Text.Json;
using Retort.Recipes.Report;
using Retort.Tasks.ScrambledArithmetic;

namespace Retort.Recipes.EchoChamber;

/// <summary>One rollout: what the model wrote to training problems.</summary>
/// <param name="Step">Updates were made from it in this step, from 1.</param>
/// <param name="Completions">All of them.</param>
/// <param name="Drawn">Those in each format,</param>
/// <param name="Right">and the right ones among those.</param>
/// <param name="Reward">Mean reward.</param>
/// <param name="SpreadReward">Standard deviation of the rewards.</param>
/// <param name="Kl">Divergence from the base, nats a token; 0 where it is not measured.</param>
/// <param name="Length">Mean length, in tokens.</param>
internal sealed record TrajectoryStep(
    long Step, int Completions, int[] Drawn, int[] Right, double Reward, double SpreadReward, double Kl, double Length)
{
    private static readonly string[] Names = [.. Enum.GetNames<ArithmeticFormat>().Select(name => name.ToLowerInvariant())];

    /// <summary>Shares of the formats among completions that have one.</summary>
    public double[] Shares() => [.. Drawn.Select(count => count / (double)Math.Max(1, Drawn.Sum()))];

    /// <summary>As metrics of a step.</summary>
    public Metric[] Metrics() =>
    [
        new("completions", Completions), .. Names.Select((name, k) => new Metric(name, Drawn[k])), .. Names.Select((name, k) => new Metric(name + "_right", Right[k])),
        new("reward", Reward), new("reward_sd", SpreadReward), new("kl", Kl), new("length", Length),
    ];

    /// <summary>Reads back what a phase of a run wrote as <see cref="Metrics"/>, in order.</summary>
    public static IReadOnlyList<TrajectoryStep> Read(string metricsPath, string phase)
    {
        var steps = new List<TrajectoryStep>();
        foreach (var line in File.Exists(metricsPath) ? File.ReadLines(metricsPath) : [])
        {
            using var json = JsonDocument.Parse(line);
            var root = json.RootElement;
            if (root.GetProperty("phase").GetString() == phase)
            {
                int Count(string name) => (int)root.GetProperty(name).GetDouble();
                double Number(string name) => root.GetProperty(name).GetDouble();
                steps.Add(new(
                    root.GetProperty("step").GetInt64(), Count("completions"), [.. Names.Select(Count)], [.. Names.Select(name => Count(name + "_right"))],
                    Number("reward"), Number("reward_sd"), Number("kl"), Number("length")));
            }
        }

        return steps;
    }
}

/// <summary>A finished run's rollouts.</summary>
/// <param name="Steps">Every one; none of expert iteration, whose samples are kept apart.</param>
internal sealed record Trajectory(IReadOnlyList<TrajectoryStep> Steps)
{
    /// <summary>Success of each format at every step: measured where it was drawn, else as it was last (at first: as it will be first); 0 if never drawn.</summary>
    public double[][] Success()
    {
        var success = Steps.Select(step => new double[step.Drawn.Length]).ToArray();
        for (var k = 0; k < success[0].Length; k++)
        {
            var last = Steps.FirstOrDefault(step => step.Drawn[k] > 0) is { } first ? (double)first.Right[k] / first.Drawn[k] : 0;
            for (var i = 0; i < Steps.Count; i++)
            {
                last = Steps[i].Drawn[k] > 0 ? (double)Steps[i].Right[k] / Steps[i].Drawn[k] : last;
                success[i][k] = last;
            }
        }

        return success;
    }

    /// <summary>The first step at which a format has half of what it gains from its first share to all (section 4); null if it never has.</summary>
    public long? HalfCollapse(ArithmeticFormat winner) => Steps.FirstOrDefault(
        step => step.Shares()[(int)winner] >= (Steps[0].Shares()[(int)winner] + 1) / 2)?.Step;
}
