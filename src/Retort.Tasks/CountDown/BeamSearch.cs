using Retort.Core;

namespace Retort.Tasks.CountDown;

/// <summary>
/// The beam search of section 2.5: every expanded node keeps its best <c>width</c> successors, shown in shuffled order
/// and pooled; then the best <c>width</c> of the pool are expanded. Nothing is pruned. As in the published traces, wrong
/// single numbers stay in the pool and are visited too. Ties go to the state pooled first (the authors' heap breaks them
/// by its own layout).
/// </summary>
internal sealed class BeamSearch
{
    private readonly PriorityQueue<Node, (long Score, int Order)> pool = new();
    private readonly List<Node> successors = [];
    private readonly List<Node> group = [];

    /// <summary>Searches from a root state that is already written; see <see cref="DepthFirstSearch.Run"/>.</summary>
    public bool Run(
        ReadOnlySpan<int> numbers, int target, HeuristicScore score, Rules rules, int width, int? tokenLimit,
        ref CounterRandom random, TraceWriter writer)
    {
        pool.Clear();
        group.Clear();
        group.Add(new Node(numbers.ToArray(), [], [], 0));
        var order = 0;
        while (group.Count > 0)
        {
            foreach (var node in group)
            {
                if (node.Path.Length > 0)
                {
                    writer.Visit(node.View(target));
                }
                else
                {
                    writer.BeginBeam(node.View(target));
                }

                KeepBest(node, score, rules, width);
                random.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(successors));
                var place = 0;
                for (var s = 0; s < successors.Count; s++)
                {
                    var child = successors[s] = successors[s] with { Path = [.. node.Path, place] };
                    writer.Explore(child.View(target));
                    if (child.Numbers.Length > 1)
                    {
                        writer.Keep(child.View(target));
                        place++;
                    }
                    else
                    {
                        var reached = child.Numbers[0] == target;
                        writer.Leaf(child.View(target), reached);
                        if (reached)
                        {
                            return true;
                        }
                    }

                    if (tokenLimit is { } limit && writer.Tokens >= limit)
                    {
                        return false;
                    }
                }

                foreach (var child in successors)
                {
                    pool.Enqueue(child, (child.Score, order++));
                }
            }

            group.Clear();
            while (group.Count < width && pool.TryDequeue(out var best, out _))
            {
                group.Add(best);
            }
        }

        writer.GiveUp();
        return false;
    }

    private void KeepBest(Node node, HeuristicScore score, Rules rules, int width)
    {
        successors.Clear();
        Span<Operation> made = stackalloc Operation[Rules.MaxPerPair];
        for (var i = 0; i < node.Numbers.Length - 1; i++)
        {
            for (var j = i + 1; j < node.Numbers.Length; j++)
            {
                var count = rules.Successors(node.Numbers[i], node.Numbers[j], made);
                for (var s = 0; s < count; s++)
                {
                    var list = new int[node.Numbers.Length - 1];
                    Solver.Combine(node.Numbers, i, j, made[s].Result, list);
                    successors.Add(new Node(list, [.. node.Operations, made[s]], [], score.Pooled(list)));
                }
            }
        }

        // OrderBy is stable, as the search's order must be.
        var best = successors.OrderBy(child => child.Score).Take(width).ToArray();
        successors.Clear();
        successors.AddRange(best);
    }

    private sealed record Node(int[] Numbers, Operation[] Operations, int[] Path, long Score)
    {
        public StateView View(int target) => new(target, target, Numbers, [], Operations, Path);
    }
}
