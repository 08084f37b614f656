using System.Globalization;
using Retort.Core;

namespace Retort.Tasks.Answers;

/// <summary>When two answers are the same.</summary>
public enum AnswerKind
{
    /// <summary>Equal numbers, however they are written; units do not count.</summary>
    Number,

    /// <summary>Equal texts, spaces at the ends and runs of spaces apart.</summary>
    Text,
}

/// <summary>Grades an answer against a reference, as a verifier or a reward. Never throws, whatever the text.</summary>
public sealed record AnswerRule
{
    [Doc("number: equal numbers, however written; text: equal texts")]
    public AnswerKind Kind { get; init; } = AnswerKind.Number;

    [Doc("of numbers: largest difference allowed, as a share of the reference; 0 is exact")]
    [Range(0, 1)]
    public double Tolerance { get; init; }

    [Doc("a completion without ####, \\boxed{}, 'A:' or 'answer is' is read whole: its last number, or all of its text")]
    public bool NeedsNoMarker { get; init; } = true;

    /// <summary>The completion's answer in canonical form and whether it is the reference's. No answer is a wrong one.</summary>
    public Verdict Grade(string reference, string completion)
    {
        var found = AnswerText.Find(completion);
        if (Kind == AnswerKind.Text)
        {
            return (found ?? (NeedsNoMarker ? completion : null)) is { } text && Spaced(text) is { Length: > 0 } words
                ? new(words == Spaced(AnswerText.Find(reference) ?? reference), words)
                : default;
        }

        if ((found is not null ? NumberText.FirstIn(found) : NeedsNoMarker ? NumberText.LastIn(completion) : null) is not { } answer)
        {
            return default;
        }

        // In the reference's unit: where it has no percent sign, that of the answer is a unit like any other. 50% wants 50% or 1/2.
        var right = ReadReference(reference);
        var value = right is { IsPercent: true } && !answer.IsPercent ? answer.Value * 100 : answer.Value;
        return new(right is { } number && IsNear(number.Value, value), value + (right is { IsPercent: true } ? "%" : ""));
    }

    /// <summary>The number that a reference's final answer is, or where none is marked all of it; null where that is not wholly one.</summary>
    public static WrittenNumber? ReadReference(string reference) => NumberText.OnlyIn(AnswerText.Find(reference) ?? reference);

    private bool IsNear(Rational reference, Rational answer) =>
        answer == reference || (Tolerance > 0 && (answer - reference).Abs() <= reference.Abs() * ToleranceAsRational);

    private Rational ToleranceAsRational => Rational.FromDecimal(Tolerance.ToString("F20", CultureInfo.InvariantCulture)) ?? 0;

    private static string Spaced(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}
