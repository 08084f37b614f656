namespace Retort.Tasks.ScrambledArithmetic;

/// <summary>How a solution is written. Its first token tells.</summary>
public enum ArithmeticFormat
{
    /// <summary><c>F v1 = 5 ; v2 = v1 + 7 ; v3 = v2 x 2 ; ret v3</c> - a program; whoever judges it runs it.</summary>
    Program,

    /// <summary><c>&lt;c&gt; 5 + 7 x 2 &lt;/c&gt; &lt;o&gt; 24 &lt;/o&gt;</c> - an expression, computed from left to right, and its value.</summary>
    Tagged,

    /// <summary><c>step 5 + 7 = 12 , step 12 x 2 = 24 , ans 24</c> - the calculation itself.</summary>
    Natural,
}

/// <summary>One problem, or one sequence of arithmetic facts.</summary>
/// <param name="Id">Unique within the task's settings, e.g. "train-17".</param>
/// <param name="Prompt">The labelled steps in scrambled order; of facts, all but the last value.</param>
/// <param name="Answer">The demonstration; of facts the last value.</param>
/// <param name="Format">How the demonstration is written; null: facts.</param>
/// <param name="NumSteps">Operations of the problem; of facts, facts.</param>
/// <param name="IsCorrupted">One operand of the demonstration is wrong, and its value too.</param>
public sealed record ArithmeticItem(
    string Id, string Prompt, string Answer, ArithmeticFormat? Format, int NumSteps, bool IsCorrupted) : TaskItem(Id, Prompt, Answer);
