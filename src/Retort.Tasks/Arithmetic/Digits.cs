namespace Retort.Tasks.Arithmetic;

/// <summary>Numbers as lists of digits, least significant first.</summary>
internal static class Digits
{
    public static readonly string[] Words = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

    /// <summary>The sum of two numbers of n digits, with n + 1.</summary>
    public static int[] Add(int[] a, int[] b)
    {
        var sum = new int[a.Length + 1];
        for (var (i, carry) = (0, 0); i < sum.Length; i++)
        {
            carry += i < a.Length ? a[i] + b[i] : 0;
            (sum[i], carry) = (carry % 10, carry / 10);
        }

        return sum;
    }

    /// <summary>The product of numbers of n and m digits, with n + m.</summary>
    public static int[] Multiply(int[] a, int[] b)
    {
        var product = new int[a.Length + b.Length];
        for (var i = 0; i < a.Length; i++)
        {
            var carry = 0;
            for (var j = 0; j < b.Length; j++)
            {
                carry += product[i + j] + a[i] * b[j];
                (product[i + j], carry) = (carry % 10, carry / 10);
            }

            product[i + b.Length] = carry;
        }

        return product;
    }

    /// <summary>Digits of words written with the most significant first, or, reversed, last; null if a word is none.</summary>
    public static int[]? Read(ReadOnlySpan<string> words, bool isReversed)
    {
        var digits = new int[words.Length];
        for (var i = 0; i < digits.Length; i++)
        {
            var word = words[isReversed ? i : words.Length - 1 - i];
            if (word is not [>= '0' and <= '9'])
            {
                return null;
            }

            digits[i] = word[0] - '0';
        }

        return digits;
    }

    /// <summary>The words that <see cref="Read"/> reads.</summary>
    public static IEnumerable<string> Write(int[] digits, bool isReversed) => (isReversed ? digits : digits.Reverse()).Select(digit => Words[digit]);
}
