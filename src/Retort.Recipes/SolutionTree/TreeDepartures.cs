using System.Globalization;
using Retort.Tasks.SolutionTree;

namespace Retort.Recipes.SolutionTree;

/// <summary>How a run of some settings differs from the paper, a line each: as honest as a methods section.</summary>
internal static class TreeDepartures
{
    /// <summary>The lines that are true of these settings.</summary>
    public static IReadOnlyList<string> Of(TreeSettings settings)
    {
        var (world, paper, evaluation) = (settings.World, SolutionTreeSettings.Base, settings.Evaluation);
        (bool Applies, string Line)[] lines =
        [
            (world.NumStates != paper.NumStates || world.NumActions != paper.NumActions,
                $"Worlds have {world.NumStates} states and {world.NumActions} actions; the paper's {paper.NumStates} and {paper.NumActions}."),
            (world.Steps != paper.Steps, $"Problems have {Length(world)}; the paper's 5 to 10."),
            (world.NumIrrelevant != paper.NumIrrelevant,
                $"Prompts have {world.NumIrrelevant} irrelevant numbers; the paper's {paper.NumIrrelevant}."),
            (true, "A path belongs to one of pretraining, RL and test by a hash of it: no tested path is ever trained on, and a fifth of all "
                + "paths is kept from pretraining. The paper draws the sets independently."),
            (true, "Worlds are drawn by another generator than the paper's; their shares of unseen pairs are alike (tests compare them with "
                + "the specification's table)."),
            (true, "Seeds draw worlds of their own. The presets' were chosen by the share of test problems without an unseen pair, before "
                + "any training."),
            (settings.Model.HiddenSize < 128, $"Models are {settings.Model.NumLayers} x {settings.Model.HiddenSize} instead of 4 x 128, "
                + $"pretrained for {settings.Pretraining.Steps:N0} steps at a higher rate."),
            (settings.Model.QueryKeyNorm, "Queries and keys are normalised."),
            (settings.RlProblems != 128,
                $"The base condition has {settings.RlProblems} RL problems and {settings.Rl.Steps} steps; the paper's 128 and 300 to 400."),
            (true, "The reward is exact match, 0 or 1; the paper's could not be had."),
            (world.Steps.Count > 1, "Completions are cut at the length of the longest problem's answer; the paper's at their own's."),
            (evaluation.TestProblems != 512, $"{evaluation.TestProblems} test problems are asked; the paper asks 512."),
            (evaluation.Samples != 128, $"Coverage is of {evaluation.Samples} samples a temperature; the paper's of 128."),
            (true, "W2 is judged where the sizing formula is below 1 (few RL problems). The base condition leaves room to break through, as "
                + "the paper's own synthetic runs do, which gain coverage (W8)."),
            (true, "W5's growth with model size is not shown; W6 and W7 are about language models."),
            (true, "Gains by precision are binned by one sampling of the model before and measured from another, so that regression to the "
                + "mean is no gain."),
            (settings.Seeds.Except(settings.SideSeeds).Any(),
                "Conditions that no claim is judged on are run for some of the seeds only (config: sideSeeds) and at fewer temperatures."),
        ];
        return [.. lines.Where(line => line.Applies).Select(line => line.Line)];
    }

    private static string Length(SolutionTreeSettings world) => world.Steps.Count == 1
        ? string.Create(CultureInfo.InvariantCulture, $"exactly {world.Steps.Low} steps")
        : $"{world.Steps.Low} to {world.Steps.High} steps";
}
