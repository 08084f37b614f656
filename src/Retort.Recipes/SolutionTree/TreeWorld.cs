using Retort.Core;
using Retort.Recipes.Experiment;
using Retort.Models;
using Retort.Models.Tokenizers;
using Retort.Tasks.SolutionTree;
using Retort.Training;

namespace Retort.Recipes.SolutionTree;

/// <summary>A kind of world that models are pretrained in; each seed draws one of it.</summary>
/// <param name="Name">In file names, e.g. "base" or "context-uniform".</param>
/// <param name="Label">In tables.</param>
/// <param name="Settings">Its seed apart.</param>
/// <param name="IsSide">No claim is judged on it.</param>
/// <param name="IsControl">Pairs are held out and actions even: nothing is learned there by reinforcement.</param>
internal sealed record TreeWorld(string Name, string Label, SolutionTreeSettings Settings, bool IsSide = false, bool IsControl = false)
{
    /// <summary>The task of one seed's world.</summary>
    public SolutionTreeTask Task(ulong seed) => new(Settings with { WorldSeed = seed });

    /// <summary>The network's configuration.</summary>
    public ModelConfig Config(ModelShape shape, ITokenizer tokenizer) => shape.Config(tokenizer, Settings.MaxTokens, ropeBase: 1e4, Name);

    /// <summary>Looks for settings that only training would stumble over.</summary>
    /// <exception cref="UserError">The model has no such shape.</exception>
    public void Check(ModelShape shape) => Config(shape, TaskDataset.TokenizerFor(Task(0)));
}
