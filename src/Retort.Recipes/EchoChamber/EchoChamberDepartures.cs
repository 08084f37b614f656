using Retort.Training.Rl;

namespace Retort.Recipes.EchoChamber;

/// <summary>How a run of some settings differs from the paper, a line each: as honest as a methods section.</summary>
internal static class EchoChamberDepartures
{
    /// <summary>The lines that are true of these settings.</summary>
    public static IReadOnlyList<string> Of(EchoChamberSettings settings)
    {
        (bool Applies, string Line)[] lines =
        [
            (true, "Chains of arithmetic with scrambled steps and three formats stand for word problems; single facts stand for Algebraic-Stack and FineMath."),
            (settings.Small.HiddenSize < 768, "Models have 0.12 and 1.4 million parameters instead of 150 million and a billion, and see some million tokens."),
            (settings.Pretraining.PeakLearningRate > 1e-3, "Pretraining's learning rate is higher than the paper's 0.001: at that, hundreds of steps teach the formats but no answers."),
            (true, $"Pretraining ends at a greedy accuracy of {settings.Pretraining.StopAccuracy:0%} on validation problems, so that RL has room; the paper's models are trained for an epoch. E6's goes through its data once."),
            (true, "E6's data are programs and natural answers with the same background; tagged answers are left out."),
            (true, "Tagged answers are computed from left to right without precedence: no parentheses are needed. A completion that begins with no format's token has no value."),
            (true, "E1, E3, E4, E5, E6, E9 and E10 are judged with GRPO, the paper's main runs are PPO; E7 and E8 compare the methods."),
            (true, "pass@1 of the curves is the mean over samples at temperature 1; greedy accuracy is beside it. The paper's pass@1 is greedy, its samples have temperature 0.7 and top-p 0.95."),
            (settings.Samples != 64, $"Coverage and majority are of {settings.Samples} samples, of runs that are not followed of {settings.FewSamples}; the paper's of 64."),
            (settings.KlCoefficients[^1] > 0.01, "KL coefficients are larger: the toy's answers have far fewer tokens (section 7.2). KL is a loss term by the low-variance estimator for every run."),
            (settings.Rl.FinalFraction == 1, "RL's learning rate is constant; the paper's falls to a tenth along a cosine."),
            (settings.Rl.LossAverage == LossAverage.Token, "Every token of an update counts alike in the loss; the paper's GRPO averages each completion first."),
            (true, "PPO's critic is a value head on the policy's last hidden state, not a model of its own; rewards are not normalised."),
            (true, "E5: programs repeat the prompt, the background is larger and pretraining ends later, chosen on a seed of its own, before any RL, so that natural answers are within the large model's reach. That the winner follows the accuracy of the size is shown; where the crossover lies for real data cannot be."),
            (true, "E9 asks the longest problems of the same task; the paper asks other benchmarks."),
            (true, "Accuracies are those of the fixed end point; the paper's bars take the best over epochs."),
            (settings.FrozenControls, "Runs named frozen are not the paper's: a coin of the base's accuracy in each format rewards them (section 6)."),
        ];
        return [.. lines.Where(line => line.Applies).Select(line => line.Line)];
    }
}
