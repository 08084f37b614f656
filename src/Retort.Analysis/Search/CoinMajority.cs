namespace Retort.Analysis.Search;

/// <summary>Majorities of independent two-way votes.</summary>
public static class CoinMajority
{
    /// <summary>
    /// Chance that the majority of <paramref name="voters"/> is right, each with chance <paramref name="right"/> and independently; a tie is
    /// a fair coin. Exact; the terms are summed from the likeliest outcomes' logarithms.
    /// </summary>
    public static double Accuracy(double right, int voters)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(voters);
        if (right is <= 0 or >= 1)
        {
            return right <= 0 ? 0 : 1;
        }

        var (total, choose) = (0.0, 0.0);
        for (var votes = 0; votes <= voters; votes++)
        {
            var weight = 2 * votes > voters ? 1 : 2 * votes == voters ? 0.5 : 0;
            total += weight * Math.Exp(choose + votes * Math.Log(right) + (voters - votes) * Math.Log(1 - right));
            choose += Math.Log(voters - votes) - Math.Log(votes + 1);
        }

        return total;
    }
}
