using System.Globalization;
using Retort.Tasks.SolutionTree;
using Retort.Training.Rl;

namespace Retort.Recipes.SolutionTree;

/// <summary>What is varied in a condition; figures and claims pick conditions by it.</summary>
internal enum TreeStudy
{
    /// <summary>The base condition.</summary>
    Base,

    /// <summary>RL problems, by equal steps.</summary>
    Problems,

    /// <summary>RL problems, by equal visits of each.</summary>
    Visits,

    /// <summary>Size of the action space.</summary>
    Actions,

    /// <summary>The spurious context.</summary>
    Context,

    /// <summary>How rollouts explore.</summary>
    Exploration,
}

/// <summary>One way of reinforcement learning in one world.</summary>
/// <param name="Name">In file names, e.g. "problems-32".</param>
/// <param name="Label">In tables.</param>
/// <param name="Study">What differs from the base condition.</param>
/// <param name="World">Where.</param>
/// <param name="Problems">RL problems; 0: fresh ones at every step.</param>
/// <param name="Rl">How.</param>
/// <param name="IsSide">No claim is judged on it.</param>
internal sealed record TreeCondition(string Name, string Label, TreeStudy Study, TreeWorld World, int Problems, RlSettings Rl, bool IsSide = false)
{
    /// <summary>Names of the conditions that claims are judged on.</summary>
    public const string Base = "base", Wall = "wall", Fresh = "problems-fresh", FewActions = "actions-few", NoContext = "context-uniform";

    /// <summary>RL problems that are asked before and after.</summary>
    public int Asked(TreeSettings settings) => Math.Min(NumProblems, settings.Evaluation.RlProblems);

    /// <summary>Different RL problems, all fresh ones counted.</summary>
    public int NumProblems => Problems > 0 ? Problems : checked(Rl.Steps * Rl.PromptsPerStep);
}

/// <summary>All worlds and conditions of the study (sections 7 and 8.4).</summary>
internal sealed class TreeConditions
{
    /// <summary>Those of some settings.</summary>
    public TreeConditions(TreeSettings settings)
    {
        var (vary, rl, world) = (settings.Vary, settings.Rl, settings.World);
        var home = new TreeWorld("base", $"D = {world.NumStates}, A = {world.NumActions}", world);
        var few = OfActions(vary.FewActions, "actions-few", false);
        var uniform = new TreeWorld("context-uniform", "no spurious context", world with { Context = ContextMode.Uniform });
        var dropped = new TreeWorld("context-dropped", "no context tokens", world with { Context = ContextMode.Dropped }, IsSide: true);
        var fewer = vary.FewerActions.Select(actions => OfActions(actions, Text($"actions-{actions}"), true)).ToArray();
        var betas = vary.Betas.Select(beta =>
            new TreeWorld(Text($"beta-{beta}"), Text($"beta = {beta}"), world with { Beta = beta }, IsSide: true)).ToArray();
        TreeWorld[] controls =
        [
            .. vary.HeldOut.Select(share => new TreeWorld(
                Text($"held-{100 * share:0.##}"), Text($"even actions, {100 * share:0.##} % held out"),
                world with { Actions = ActionBias.Uniform, HeldOutPairs = share }, IsControl: true)),
        ];
        Worlds = [home, few, uniform, dropped, .. fewer, .. betas, .. controls];

        var perProblem = (double)rl.Steps / settings.RlProblems;
        All =
        [
            new(TreeCondition.Base, Text($"base, {settings.RlProblems} problems"), TreeStudy.Base, home, settings.RlProblems, rl),
            new(TreeCondition.Wall, Text($"{vary.WallProblems} problems"), TreeStudy.Problems, home, vary.WallProblems, rl),
            .. vary.ProblemCounts.Select(count => Home(Text($"problems-{count}"), Text($"{count} problems"), TreeStudy.Problems, count, rl)),
            new(TreeCondition.Fresh, "fresh problems", TreeStudy.Problems, home, 0, rl),
            .. vary.ProblemCounts.Prepend(vary.WallProblems).Where(count => count <= 2 * settings.RlProblems).Select(count => Home(
                Text($"visits-{count}"), Text($"{count} problems, as many visits each"), TreeStudy.Visits, count,
                rl with { Steps = Math.Max(1, (int)Math.Round(perProblem * count)) })),
            new(TreeCondition.FewActions, few.Label, TreeStudy.Actions, few, settings.RlProblems, rl),
            .. fewer.Select(there => Elsewhere(there, TreeStudy.Actions)),
            new(TreeCondition.NoContext, uniform.Label, TreeStudy.Context, uniform, settings.RlProblems, rl),
            .. betas.Prepend(dropped).Select(there => Elsewhere(there, TreeStudy.Context)),
            .. vary.RolloutTemperatures.Select(t => Explore(Text($"rollout-{t}"), Text($"rollouts at T = {t}"), rl with { Temperature = t })),
            .. vary.Entropies.Select(weight => Explore(
                Text($"entropy-{weight}"), Text($"entropy weighs {weight}"), rl with { EntropyCoefficient = weight })),
            .. vary.Groups.Select(group => Explore(
                Text($"group-{group}"), Text($"groups of {group}"), rl with { SamplesPerPrompt = group, PromptsPerStep = rl.Completions / group })),
        ];

        TreeWorld OfActions(int actions, string name, bool isSide) => new(name, Text($"A = {actions}"), world with { NumActions = actions }, isSide);
        TreeCondition Home(string name, string label, TreeStudy study, int problems, RlSettings how) =>
            new(name, label, study, home, problems, how, IsSide: true);
        TreeCondition Explore(string name, string label, RlSettings how) => Home(name, label, TreeStudy.Exploration, settings.RlProblems, how);
        TreeCondition Elsewhere(TreeWorld there, TreeStudy study) =>
            new(there.Name, there.Label, study, there, settings.RlProblems, rl, IsSide: true);
    }

    /// <summary>Worlds, those of side conditions and controls included.</summary>
    public IReadOnlyList<TreeWorld> Worlds { get; }

    /// <summary>Conditions, the base first.</summary>
    public IReadOnlyList<TreeCondition> All { get; }

    /// <summary>The conditions that a claim needs or that belong beside it.</summary>
    public IEnumerable<TreeCondition> Of(string claim) => claim switch
    {
        "W2" => All.Where(condition => condition.Name == TreeCondition.Wall),
        "W10" => All.Where(condition => condition.Study != TreeStudy.Exploration),
        "W11" => All.Where(condition => condition.Study == TreeStudy.Exploration || condition.Name is TreeCondition.Base or TreeCondition.Wall),
        _ => All.Where(condition => condition.Name == TreeCondition.Base),
    };

    /// <summary>The control worlds that a claim needs.</summary>
    public IEnumerable<TreeWorld> ControlsOf(string claim) => claim == "W11" ? Worlds.Where(world => world.IsControl) : [];

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
