using Retort.Core;
using Retort.Tasks;

namespace Retort.Training.Rl;

/// <summary>
/// An endless stream of problems: a list, in a new seeded order every time round, or fresh ones for ever. Problem number n is a pure
/// function of n, so a resumed run needs nothing but its position.
/// </summary>
public sealed class ProblemFeed
{
    private readonly IReadOnlyList<TaskItem>? items;
    private readonly Func<long, TaskItem>? make;
    private readonly ulong seed;
    private readonly int[] order = [];
    private long epoch = -1;

    /// <summary>A list, gone through again and again.</summary>
    public ProblemFeed(IReadOnlyList<TaskItem> items, ulong seed)
    {
        if (items.Count == 0)
        {
            throw UserError.Request("problems", "there are none", "at least one problem to learn from");
        }

        (this.items, this.seed, order) = (items, seed, new int[items.Count]);
    }

    private ProblemFeed(Func<long, TaskItem> make) => this.make = make;

    /// <summary>Fresh problems: number n is <paramref name="make"/>(n).</summary>
    public static ProblemFeed Endless(Func<long, TaskItem> make) => new(make);

    /// <summary>Problem number <paramref name="position"/> of the stream.</summary>
    public TaskItem this[long position]
    {
        get
        {
            if (items is null)
            {
                return make!(position);
            }

            var (wanted, place) = Math.DivRem(position, items.Count);
            if (wanted != epoch)
            {
                epoch = wanted;
                for (var i = 0; i < order.Length; i++)
                {
                    order[i] = i;
                }

                var random = CounterRandom.For(seed, "rl/order", (ulong)epoch);
                random.Shuffle<int>(order);
            }

            return items[order[place]];
        }
    }
}
