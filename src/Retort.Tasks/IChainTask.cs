namespace Retort.Tasks;

/// <summary>
/// A task whose answers hold a chain of thought that has a length of its own and may certify the answer (<see cref="Verdict.Proof"/>).
/// Test-time scaling then counts the chain's tokens instead of the completion's. Each token of a chain is one token of the vocabulary.
/// </summary>
public interface IChainTask : ITask
{
    /// <summary>Tokens of a completion beside its chain, the end token included: S chain tokens need S + this.</summary>
    int FrameTokens { get; }

    /// <summary>Chance that a guess is right where no chain certifies an answer.</summary>
    double GuessShare { get; }

    /// <summary>Tokens of a completion's chain; null where it has none or was cut before the chain's end.</summary>
    int? ChainTokens(string completion);
}
