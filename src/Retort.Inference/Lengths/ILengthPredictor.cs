namespace Retort.Inference.Lengths;

/// <summary>Predicts completion lengths in tokens. One caller at a time, the engine's.</summary>
public interface ILengthPredictor
{
    /// <summary>
    /// What is believed of a request when it arrives. <paramref name="index"/> names it for predictors that draw random numbers;
    /// <paramref name="knownLength"/> is for those that are told, in replays.
    /// </summary>
    LengthBelief Begin(ReadOnlySpan<int> prompt, int maxNewTokens, ulong index, int? knownLength = null);

    /// <summary>
    /// What keeps beliefs up to date in an engine of these sizes, which disposes it; null where nothing is to be read from
    /// the model and a belief only counts down.
    /// </summary>
    LengthRefiner? CreateRefiner(int maxSequences, int numPages) => null;
}
