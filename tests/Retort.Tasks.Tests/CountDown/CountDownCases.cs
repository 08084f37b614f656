using System.Runtime.CompilerServices;
using CsCheck;
using Retort.Tasks.CountDown;

namespace Retort.Tasks.Tests.CountDown;

/// <summary>Settings and checks the CountDown tests share.</summary>
internal static class CountDownCases
{
    public static readonly CountDownSettings Compact = new();

    public static readonly CountDownVariant[] Variants = Enum.GetValues<CountDownVariant>();

    /// <summary>Every format with every variant.</summary>
    public static readonly CountDownSettings[] All =
        [.. from basis in new[] { Compact, CountDownSettings.Paper } from variant in Variants select basis with { Variant = variant }];

    public static TheoryData<CountDownFormat, CountDownVariant> FormatsAndVariants =>
        new(from format in Enum.GetValues<CountDownFormat>() from variant in Variants select (format, variant));

    public static CountDownSettings Of(CountDownFormat format, CountDownVariant variant) =>
        (format == CountDownFormat.Compact ? Compact : CountDownSettings.Paper) with { Variant = variant };

    /// <summary>An item of any settings, split and index.</summary>
    public static Gen<(CountDownTask Task, CountDownItem Item)> Items(params CountDownSettings[] settings) =>
        from choice in Gen.Int[0, settings.Length - 1]
        from split in Gen.Enum<Split>()
        from index in Gen.Long[0, 1_000_000_000_000]
        let task = new CountDownTask(settings[choice])
        select (task, task.Create(split, index));

    /// <summary>An independent judge: do these steps use up the numbers and make the target?</summary>
    public static bool Makes(IEnumerable<int> numbers, int target, string steps, CountDownSettings settings)
    {
        var left = numbers.ToList();
        foreach (var step in steps.Split(','))
        {
            var at = step.IndexOfAny(['+', '-', '*', '/']);
            var (a, b) = (long.Parse(step[..at]), long.Parse(step[(at + 1)..step.IndexOf('=')]));
            var result = step[at] switch
            {
                '+' => a + b,
                '-' => a - b,
                '*' => a * b,
                _ => b != 0 && a % b == 0 ? a / b : -1,
            };
            if (result < (settings.AllowZero ? 0 : 1) || result > (settings.MaxIntermediate ?? int.MaxValue)
                || step[(step.IndexOf('=') + 1)..] != $"{result}" || !left.Remove((int)a) || !left.Remove((int)b))
            {
                return false;
            }

            left.Add((int)result);
        }

        return left is [var last] && last == target;
    }

    /// <summary>Likewise for a whole answer string: both halves of a stacked problem, or the one path.</summary>
    public static bool Makes(CountDownItem item, string answer, CountDownSettings settings)
    {
        if (settings.NumbersPerProblem == settings.NumberCount)
        {
            return Makes(item.Numbers, item.Target, answer, settings);
        }

        var (half, steps) = (settings.NumberCount, answer.Split(','));
        return Makes(item.Numbers.Take(half), item.Numbers[half], string.Join(',', steps[..(half - 1)]), settings)
            && Makes(item.Numbers.Skip(half), item.Target, string.Join(',', steps[(half - 1)..]), settings);
    }

    /// <summary>Every value the numbers can make, all of them used: by subsets, not by our search.</summary>
    public static HashSet<int> Reachable(int[] numbers, CountDownSettings settings)
    {
        var made = new Dictionary<int, HashSet<int>>();
        for (var set = 1; set < 1 << numbers.Length; set++)
        {
            made[set] = int.PopCount(set) == 1 ? [numbers[int.TrailingZeroCount(set)]] : [];
            for (var part = (set - 1) & set; part > 0; part = (part - 1) & set)
            {
                foreach (var a in made[part])
                {
                    foreach (var b in made[set ^ part])
                    {
                        int[] results = [a + b, a * b, a - b, b != 0 && a >= b && a % b == 0 ? a / b : -1];
                        made[set].UnionWith(results.Where(r =>
                            r >= (settings.AllowZero ? 0 : 1) && r <= (settings.MaxIntermediate ?? int.MaxValue)));
                    }
                }
            }
        }

        return made[(1 << numbers.Length) - 1];
    }

    /// <summary>A file of the shared data, or null where it is absent.</summary>
    public static string? SharedFile(string name, [CallerFilePath] string here = "")
    {
        var shared = Environment.GetEnvironmentVariable("RETORT_SHARED");
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); shared is null && folder is not null; folder = folder.Parent)
        {
            shared = File.Exists(Path.Combine(folder.FullName, "Retort.slnx")) ? Path.Combine(folder.FullName, "..", "shared") : null;
        }

        var file = shared is null ? null : Path.Combine(shared, "data", name);
        return File.Exists(file) ? file : null;
    }
}
