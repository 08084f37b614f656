using Retort.Core;
using Retort.Models;

namespace Retort.Inference;

/// <summary>How long a sequence may become before its position ids leave the model's.</summary>
internal static class PositionRoom
{
    /// <summary>Refuses a prompt whose ids the model has not; returns the longest prompt and completion, at most <paramref name="maxLength"/>.</summary>
    public static int Check(GenerationRequest request, ModelConfig config, int maxLength)
    {
        var given = request.PositionIds;
        if (given is not null && given.Length < request.Prompt.Length)
        {
            throw UserError.Request("positionIds", $"has {given.Length} ids for a prompt of {request.Prompt.Length} tokens", "one for each token");
        }

        foreach (var id in given ?? [])
        {
            if (id < 0 || id >= config.NumPositionIds)
            {
                throw UserError.Request("positionIds", $"has the id {id}", $"the model's ids, 0 to {config.NumPositionIds - 1}");
            }
        }

        var last = given is null ? request.Prompt.Length - 1 : given[^1];
        if (last >= config.NumPositionIds)
        {
            throw UserError.Request(
                "prompt", $"has {request.Prompt.Length} tokens", $"at most {config.NumPositionIds}, as many as the model has position ids");
        }

        var known = given?.Length ?? request.Prompt.Length;
        return config.PredictsPositions ? maxLength : (int)Math.Min(maxLength, (long)known + config.NumPositionIds - 1 - last);
    }
}
