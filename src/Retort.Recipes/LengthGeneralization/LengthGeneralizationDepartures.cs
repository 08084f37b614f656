using Retort.Training;

namespace Retort.Recipes.LengthGeneralization;

/// <summary>How a run of some settings differs from the paper, a line each: as honest as a methods section.</summary>
internal static class LengthGeneralizationDepartures
{
    /// <summary>The lines that are true of these settings.</summary>
    public static IReadOnlyList<string> Of(LengthGeneralizationSettings settings)
    {
        var (parity, variables) = (settings.ParityModels, settings.VariableModels);
        (bool Applies, string Line)[] lines =
        [
            (true, "The paper's experimental section was not at hand and its code is not public: sizes, lengths, formats and figures are reconstructions. "
                + "Only the directions of its claims are tested."),
            (parity.Model.HiddenSize < 512, $"Models are {parity.Model.NumLayers} x {parity.Model.HiddenSize} (parity) and {variables.Model.NumLayers} x "
                + $"{variables.Model.HiddenSize} (variable assignment), trained for {parity.Training.Steps:N0} and {variables.Training.Steps:N0} steps; the position-coupling code has 6 x 512 and 50,000."),
            (true, "Models normalise before each block only, and their feed-forward block is a SwiGLU; the position-coupling code normalises before and after, with a gated GELU."),
            (parity.Model.QueryKeyNorm || variables.Model.QueryKeyNorm, "Queries and keys are normalised, and the learning rate is higher than in the literature."),
            (settings.Parity.LongWeight > 0 || settings.Variables.LongWeight > 0,
                FormattableString.Invariant($"Long problems are trained on more often: a length's chance goes with its power {settings.Parity.LongWeight} (parity) and {settings.Variables.LongWeight} (variable assignment).")),
            (true, $"Problems are trained on more than once: {parity.Problems:N0} and {variables.Problems:N0} of them. None that is tested is among them, short ones neither."),
            (true, "Coupled ids of parity are those of the specification: a query looks one id ahead for its bit. One version of the released code has the bit at the query's own id."),
            (true, "Variable assignment is this project's reading of the paper's task. Ids are predicted by a second linear head, its loss weighs as the tokens', the id of the first name is given."),
            (parity.CoupledJitter != PositionJitterKind.Offset || variables.CoupledJitter != PositionJitterKind.Offset,
                $"Coupled ids of training are not only shifted but spread in order ({parity.CoupledJitter} and {variables.CoupledJitter}; section 8.4 of the specification proposes it): "
                + "shifted ids alone made generalization a matter of the seed. The full preset has them beside, and plain encodings whose ids are spread alike."),
            (true, "Sparse parity, planted correlations and natural text (B1 to B3, B4b, B7, B8) are not run."),
            (settings.Seeds.Count == 1, "One seed: length generalization varies strongly between seeds, and an interval over problems does not show it."),
            (true, "Greedy decoding; an answer is right if it is so word for word and ends."),
            (true, "\"Learned, random start\" has as many ids as the longest test has tokens, so that each has been trained on."),
        ];
        return [.. lines.Where(line => line.Applies).Select(line => line.Line)];
    }
}
