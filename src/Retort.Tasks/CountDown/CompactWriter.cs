namespace Retort.Tasks.CountDown;

/// <summary>Spells searches in <see cref="CompactTokens"/>, single spaces between.</summary>
/// <param name="restateTarget">As <see cref="CountDownSettings.RestateTarget"/>.</param>
internal sealed class CompactWriter(bool restateTarget) : TraceWriter
{
    public override void SecondHalf(in StateView root) => List(root);

    public override void Explore(in StateView child)
    {
        var operation = child.Operations[^1];
        Number(operation.Left);
        Mark(operation.Symbol);
        Number(operation.Right);
        Mark('=');
        Number(operation.Result);
        if (child.Numbers.Length > 1)
        {
            List(child);
        }
    }

    public override void Descend(in StateView child)
    {
        // The list after the step already says where the search stands.
    }

    public override void Leaf(in StateView child, bool reached)
    {
        if (restateTarget)
        {
            Number(child.Goal);
        }

        Mark(!reached ? CompactTokens.Fail : child.IsFinal ? CompactTokens.Goal : CompactTokens.Halfway);
    }

    public override void Dismiss(in StateView child) => Mark(CompactTokens.Fail);

    public override void Return(in StateView parent)
    {
        Mark(CompactTokens.Back);
        List(parent);
    }

    public override void BeginBeam(in StateView root) => Visit(root);

    public override void Keep(in StateView child)
    {
        // As Descend.
    }

    public override void Visit(in StateView state)
    {
        Mark(CompactTokens.Move);
        List(state);
    }

    public override void GiveUp() => Mark(CompactTokens.GiveUp);

    public override void Follow(in StateView child, int node)
    {
        // As Descend.
    }

    protected override void WritePrompt(in StateView root)
    {
        Number(root.Target);
        Mark(CompactTokens.Colon);
        Numbers(root.Numbers);
        Numbers(root.Waiting);
        Mark(CompactTokens.Separator);
    }

    protected override int CountTokens(ReadOnlySpan<byte> text) => CompactTokens.Count(text);

    private void List(in StateView state)
    {
        Mark('[');
        Numbers(state.Numbers);
        Numbers(state.Waiting);
        Mark(']');
    }

    private void Numbers(ReadOnlySpan<int> numbers)
    {
        foreach (var number in numbers)
        {
            Number(number);
        }
    }

    private void Number(int number)
    {
        Space();
        Text.Append(number);
    }

    private void Mark(char mark)
    {
        Space();
        Text.Append(mark);
    }

    private void Space()
    {
        if (Text.Length > 0)
        {
            Text.Append(' ');
        }
    }
}
