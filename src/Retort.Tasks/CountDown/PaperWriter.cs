namespace Retort.Tasks.CountDown;

/// <summary>Spells searches in the paper's own words (section 2.2), a line an event.</summary>
internal sealed class PaperWriter : TraceWriter
{
    public override void SecondHalf(in StateView root) => State(root);

    public override void Explore(in StateView child)
    {
        Text.Append("Exploring Operation: "u8);
        Step(child.Operations[^1]);
        Text.Append(", Resulting Numbers: "u8);
        List(child);
        Text.Append('\n');
    }

    public override void Descend(in StateView child)
    {
        Keep(child);
        Visit(child);
    }

    public override void Leaf(in StateView child, bool reached)
    {
        Text.Append(child.Numbers[0]);
        Text.Append(',');
        Text.Append(child.Goal);
        Text.Append((reached, child.IsFinal) switch
        {
            (true, true) => " equal: Goal Reached\n"u8,
            (true, false) => " equal\n"u8,
            (false, true) => " unequal: No Solution\n"u8,
            (false, false) => " unequal\n"u8,
        });
    }

    public override void Dismiss(in StateView child)
    {
        List(child);
        Text.Append(" No Solution\n"u8);
    }

    public override void Return(in StateView parent) => Visit(parent);

    public override void BeginBeam(in StateView root)
    {
        // The prompt is the root's state line.
    }

    public override void Keep(in StateView child)
    {
        Text.Append("Generated Node #"u8);
        Path(child);
        Text.Append(": "u8);
        Text.Append(child.Target);
        Text.Append(':');
        List(child);
        Text.Append(" Operation: "u8);
        Step(child.Operations[^1]);
        Text.Append('\n');
    }

    public override void Visit(in StateView state)
    {
        Text.Append("Moving to Node #"u8);
        Path(state);
        Text.Append('\n');
        State(state);
    }

    public override void GiveUp() => Text.Append("No solution found."u8);

    public override void Follow(in StateView child, int node)
    {
        Text.Append("Generated Node #"u8);
        Text.Append(node);
        Text.Append(": "u8);
        List(child);
        Text.Append(" from Operation: "u8);
        Step(child.Operations[^1]);
        Text.Append('\n');
        State(child);
    }

    protected override void WritePrompt(in StateView root) => State(root);

    protected override int CountTokens(ReadOnlySpan<byte> text) => PaperTokens.Count(text);

    private void State(in StateView state)
    {
        Text.Append("Current State: "u8);
        Text.Append(state.Target);
        Text.Append(':');
        List(state);
        Text.Append(", Operations: ["u8);
        for (var i = 0; i < state.Operations.Length; i++)
        {
            Text.Append(i == 0 ? "'"u8 : ", '"u8);
            Step(state.Operations[i]);
            Text.Append('\'');
        }

        Text.Append("]\n"u8);
    }

    private void List(in StateView state)
    {
        Text.Append('[');
        Numbers(state.Numbers, first: true);
        Numbers(state.Waiting, first: false);
        Text.Append(']');
    }

    private void Numbers(ReadOnlySpan<int> numbers, bool first)
    {
        foreach (var number in numbers)
        {
            Text.Append(first ? ""u8 : ", "u8);
            Text.Append(number);
            first = false;
        }
    }

    private void Path(in StateView state)
    {
        Text.Append('0');
        foreach (var place in state.Path)
        {
            Text.Append(',');
            Text.Append(place);
        }
    }

    private void Step(in Operation operation)
    {
        Text.Append(operation.Left);
        Text.Append(operation.Symbol);
        Text.Append(operation.Right);
        Text.Append('=');
        Text.Append(operation.Result);
    }
}
