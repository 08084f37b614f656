namespace Retort.Tasks.GraphConnectivity;

/// <summary>Distribution functions of counts.</summary>
internal static class SortedShare
{
    /// <summary>Share of ascending numbers that are at most <paramref name="most"/>.</summary>
    public static double AtMost(int[] sorted, int most)
    {
        var (low, high) = (0, sorted.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = sorted[middle] <= most ? (middle + 1, high) : (low, middle);
        }

        return low / (double)sorted.Length;
    }
}
