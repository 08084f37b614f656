using System.Runtime.ExceptionServices;

namespace Retort.Core;

/// <summary>Independent items on several threads. An item's <see cref="UserError"/> stays one.</summary>
public static class ParallelItems
{
    /// <summary>Items 0 .. <paramref name="count"/>-1, in order; which thread makes which is left open.</summary>
    public static T[] Make<T>(int count, int threads, Func<int, T> make, CancellationToken cancellation = default)
    {
        var items = new T[count];
        try
        {
            var options = new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellation };
            Parallel.For(0, count, options, i => items[i] = make(i));
        }
        catch (AggregateException faults) when (faults.InnerExceptions.OfType<UserError>().FirstOrDefault() is { } error)
        {
            ExceptionDispatchInfo.Throw(error);
        }

        return items;
    }
}
