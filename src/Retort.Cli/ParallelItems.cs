using System.Runtime.ExceptionServices;
using Retort.Core;

namespace Retort.Cli;

/// <summary>Independent items on several threads. An item's <see cref="UserError"/> stays one.</summary>
internal static class ParallelItems
{
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
