using Retort.Analysis.Sampling;
using Retort.Core;

namespace Retort.Cli.Curves;

/// <summary>What a file of graded samples holds.</summary>
/// <param name="Sets">One for each model, in the file's order.</param>
/// <param name="Verified">Pairs of models by name: answers without and with a verifier's choice.</param>
/// <param name="Notes">What to keep in mind of how it was read.</param>
internal sealed record SampleFile(
    IReadOnlyList<SampleSet> Sets, IReadOnlyList<(string Name, string Without, string With)> Verified, IReadOnlyList<string> Notes);

/// <summary>A way samples are written to a file.</summary>
/// <param name="Name">On the command line.</param>
/// <param name="Description">What such a file holds.</param>
/// <param name="Read">Reads a file; the second argument is <c>--puzzles</c>.</param>
internal sealed record SampleFormat(string Name, string Description, Func<string, string?, SampleFile> Read)
{
    public static IReadOnlyList<SampleFormat> All { get; } =
    [
        new("samples", "graded samples of 'retort eval --out' and like them, JSON lines", (path, _) => GradedSampleReader.Read(path)),
        new("gsm8k", "solutions of models to GSM8K problems, JSON lines", (path, _) => Gsm8kReader.Read(path)),
        new("game24", "sampled solutions of the Game of 24, JSON", Game24Reader.Read),
    ];

    public static SampleFormat Find(string name) => All.FirstOrDefault(format => format.Name == name) ?? throw UserError.Request(
        "--format", $"is '{name}'", "one of " + string.Join(", ", All.Select(format => format.Name)), NearestName.Of(name, All.Select(format => format.Name)));
}
