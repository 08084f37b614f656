using Retort.Core;

namespace Retort.Tasks.Answers;

/// <summary>Problems of the user's own, with answers to compare with.</summary>
public sealed record AnswerSettings
{
    [Doc("JSON lines with prompt and answer, and if known \"split\" (train, validation or test); without it 8, 1 and 1 of 10 by the prompt")]
    public string File { get; init; } = "";

    [Doc("Field of the prompt")]
    public string PromptField { get; init; } = "prompt";

    [Doc("Field of the answer; steps before it are part of the demonstration")]
    public string AnswerField { get; init; } = "answer";

    [Doc("When a completion's answer is the reference's")]
    public AnswerRule Rule { get; init; } = new();
}
