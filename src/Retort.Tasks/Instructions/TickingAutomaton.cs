using Retort.Core;

namespace Retort.Tasks.Instructions;

/// <summary>
/// An automaton that stays in each state for some ticks and then moves on: <c>a b 2 halt a 3 b</c> starts in a, where 3 ticks lead to b, and
/// 2 there to the halt. A walk writes every state and its ticks downwards: <c>a 3 2 1 b 2 1 halt</c>. How many of the states lie on the
/// way only the walk shows.
/// </summary>
internal static class TickingAutomaton
{
    public static List<string> Draw(InstructionSettings settings, ref CounterRandom random)
    {
        var letters = InstructionWords.Letters.ToArray();
        random.Shuffle(letters.AsSpan());
        var numStates = StringInstructions.Draw(settings.States, ref random);
        var onTheWay = random.NextInt32(1, numStates);
        var order = Enumerable.Range(0, numStates).ToArray();
        random.Shuffle(order.AsSpan());
        var words = new List<string> { letters[0] };
        foreach (var state in order)
        {
            var next = state < onTheWay ? state + 1 : random.NextInt32(numStates);
            words.Add(letters[state]);
            words.Add(InstructionWords.Digit(StringInstructions.Draw(settings.Ticks, ref random)));
            words.Add(state == onTheWay - 1 ? InstructionWords.Halt : letters[next]);
        }

        return words;
    }

    /// <summary>The walk; null if the arguments are no automaton or it never halts.</summary>
    public static List<string>? Answer(WordReader reader)
    {
        var start = reader.PassOneOf(InstructionWords.Letters);
        var states = new Dictionary<int, (int Ticks, int Next)>();
        while (reader.PassOneOf(InstructionWords.Letters) is >= 0 and var state)
        {
            var ticks = reader.PassOneOf(InstructionWords.Digits);
            var halts = reader.Pass(InstructionWords.Halt);
            var next = halts ? -1 : reader.PassOneOf(InstructionWords.Letters);
            if (ticks < 1 || (next < 0 && !halts) || !states.TryAdd(state, (ticks, next)))
            {
                return null;
            }
        }

        if (!reader.Ends())
        {
            return null;
        }

        var words = new List<string>();
        for (var at = start; at >= 0;)
        {
            if (!states.Remove(at, out var state))
            {
                return null;
            }

            words.Add(InstructionWords.Letters[at]);
            for (var tick = state.Ticks; tick > 0; tick--)
            {
                words.Add(InstructionWords.Digit(tick));
            }

            at = state.Next;
        }

        words.Add(InstructionWords.Halt);
        return start < 0 ? null : words;
    }
}
