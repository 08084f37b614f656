namespace Retort.Tasks.Instructions;

/// <summary>What a prompt asks for. Its first word is the name in lower case.</summary>
public enum InstructionKind
{
    /// <summary><c>repeat 3 a b :</c> - the string so often.</summary>
    Repeat,

    /// <summary><c>count 9 to 1 1 :</c> - the numbers from one to the other.</summary>
    Count,

    /// <summary><c>spell 4 0 7 :</c> - the digits as words.</summary>
    Spell,

    /// <summary><c>reverse c a b :</c></summary>
    Reverse,

    /// <summary><c>sort c a b :</c></summary>
    Sort,

    /// <summary><c>expand a 2 ( b 3 ( c ) ) :</c> - the program run.</summary>
    Expand,

    /// <summary><c>walk a b 2 halt a 3 b :</c> - the states and their ticks, to the halt.</summary>
    Walk,

    /// <summary><c>story calm ann tom , map key lamp :</c> - any story of the grammar.</summary>
    Story,
}

/// <summary>One instruction.</summary>
/// <param name="Id">Unique within the task's settings, e.g. "train-17".</param>
/// <param name="Prompt">The instruction.</param>
/// <param name="Answer">What follows from it; of a story one of many.</param>
/// <param name="Kind">What is asked for.</param>
public sealed record InstructionItem(string Id, string Prompt, string Answer, InstructionKind Kind) : TaskItem(Id, Prompt, Answer)
{
    /// <summary>Tokens a model writes: the answer's and the end token.</summary>
    public int OutputTokens => Answer.Count(c => c == ' ') + 2;
}
