using System.Globalization;
using Retort.Core;

namespace Retort.Analysis.Queueing;

/// <summary>A law as the user writes it: a name, and behind a colon its numbers, as in <c>hyperexp:0.9,0.5,5.5</c>.</summary>
internal sealed class LawText
{
    private readonly string where;
    private readonly double[] numbers;

    /// <summary>Takes the text apart; mistakes in it are user errors that show the forms there are.</summary>
    public LawText(string text, string where, params string[] forms)
    {
        this.where = where;
        var parts = text.Split(':', 2);
        Name = parts[0];
        var form = forms.FirstOrDefault(form => form.Split(':')[0] == Name) ?? throw UserError.Request(where,
            $"'{text}' is no law known here", string.Join(", ", forms),
            NearestName.Of(Name, forms.Select(form => form.Split(':')[0])));
        var texts = parts.Length == 1 ? [] : parts[1].Split(',');
        numbers = [.. texts.Select(text =>
            double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
                ? number : throw UserError.Request(where, $"'{text}' is no number", form))];
        var wanted = form.Contains(':') ? form.Split(',').Length : 0;
        if (numbers.Length != wanted)
        {
            throw UserError.Request(where, $"'{text}' gives {numbers.Length} numbers", form);
        }
    }

    public string Name { get; }

    /// <summary>The number at a place, within bounds that are themselves allowed.</summary>
    public double Number(int place, string symbol, double low, double high) =>
        numbers[place] >= low && numbers[place] <= high ? numbers[place] : throw UserError.Request(where,
            $"{symbol} = {numbers[place]} is out of range", $"{low} to {high}",
            numbers[place] < low ? $"{low}" : $"{high}");

    /// <summary>A whole number at a place.</summary>
    public int Whole(int place, string symbol, int low, int high) =>
        Number(place, symbol, low, high) is var number && number == Math.Floor(number) ? (int)number
            : throw UserError.Request(where, $"{symbol} = {number} is not whole", $"{low} to {high}", $"{Math.Round(number)}");
}
