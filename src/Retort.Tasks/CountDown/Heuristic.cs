namespace Retort.Tasks.CountDown;

/// <summary>The two heuristics of section 2.2.</summary>
public enum Heuristic
{
    /// <summary>Mean of |number - target|.</summary>
    Sum,

    /// <summary>Sum of the distances to the nearest divisor of the target among 2..target.</summary>
    Factor,
}

/// <summary>
/// One heuristic for one target. Scores are whole numbers: for <see cref="Heuristic.Sum"/> the total, not the mean, which
/// orders lists of one length alike and is compared with target x length.
/// </summary>
internal sealed class HeuristicScore
{
    private readonly int[] divisorDistance;

    private HeuristicScore(Heuristic heuristic, int target)
    {
        (Heuristic, Target) = (heuristic, target);
        var divisors = Enumerable.Range(2, Math.Max(0, target - 1)).Where(d => target % d == 0).DefaultIfEmpty(target).ToArray();
        divisorDistance = [.. Enumerable.Range(0, target + 1).Select(x => divisors.Min(d => Math.Abs(x - d)))];
    }

    public Heuristic Heuristic { get; }

    public int Target { get; }

    /// <summary>The distance of one number.</summary>
    public int Distance(int number) =>
        Heuristic == Heuristic.Sum ? Math.Abs(number - Target)
        : number > Target ? number - Target
        : divisorDistance[number];

    /// <summary>Whether a list of this total is dropped: its heuristic exceeds the target.</summary>
    public bool Prunes(long total, int length) => total > (Heuristic == Heuristic.Sum ? (long)Target * length : Target);

    /// <summary>
    /// The heuristic of a list, comparable between lists of different lengths: the mean is scaled by 60, which every length
    /// up to 6 divides.
    /// </summary>
    public long Pooled(ReadOnlySpan<int> numbers)
    {
        long total = 0;
        foreach (var number in numbers)
        {
            total += Distance(number);
        }

        return Heuristic == Heuristic.Sum ? total * (60 / numbers.Length) : total;
    }

    /// <summary>Tables by target, made once: one instance serves one thread.</summary>
    public sealed class Cache
    {
        private readonly Dictionary<(Heuristic, int), HeuristicScore> made = [];

        public HeuristicScore Get(Heuristic heuristic, int target)
        {
            if (!made.TryGetValue((heuristic, target), out var score))
            {
                made[(heuristic, target)] = score = new HeuristicScore(heuristic, target);
            }

            return score;
        }
    }
}
