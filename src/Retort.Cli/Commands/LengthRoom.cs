using Retort.Core;
using Retort.Models;
using Retort.Models.Tokenizers;
using Retort.Tasks;
using Retort.Training;

namespace Retort.Cli.Commands;

/// <summary>Whether a model can answer problems whose only right answer has a known length: longer ones than it learned from, as a rule.</summary>
internal static class LengthRoom
{
    /// <summary>Refuses a problem that does not fit the context with its answer, or that has position ids the model has not.</summary>
    /// <exception cref="UserError">There is one.</exception>
    public static void Require(ModelConfig model, ITokenizer tokenizer, TaskPositions positions, IEnumerable<TaskItem> items)
    {
        foreach (var item in items)
        {
            var tokens = tokenizer.Encode(item.Prompt).Length + tokenizer.Encode(item.Answer, addBos: false, addEos: true).Length;
            if (tokens > model.MaxPositions)
            {
                throw UserError.Request(
                    item.Id, $"has {tokens} tokens with its answer", $"at most {model.MaxPositions}, the model's context: shorter problems, or a model trained with more model.maxPositions");
            }

            // The end token is written, not read.
            var highest = positions.OfSequence(item, tokens)?.Max() ?? tokens - 2;
            if (highest >= model.NumPositionIds)
            {
                throw UserError.Request(
                    item.Id, $"needs position ids up to {highest}",
                    $"at most {model.NumPositionIds - 1}, the model's last: shorter problems, or a model trained with more model.numPositionIds");
            }
        }
    }
}
