namespace Retort.Training;

/// <summary>
/// Long traces as training windows. The paper splits a trace into consecutive windows of the context length; at our sizes
/// every continuation begins with the prompt again, so that each token is conditioned on its problem (a stated departure).
/// </summary>
public static class Windows
{
    /// <summary>
    /// Adds prompt + answer to <paramref name="set"/> in windows of at most <paramref name="maxLength"/> tokens. The prompt is learned
    /// once, in the first window; with <paramref name="repeatPrompt"/> the later ones read it again without learning it.
    /// Windows after the first <paramref name="maxWindows"/> are left out.
    /// </summary>
    public static void Add(
        SequenceSet set, ReadOnlySpan<int> prompt, ReadOnlySpan<int> answer, int maxLength, bool repeatPrompt = true,
        int maxWindows = int.MaxValue)
    {
        Span<int> window = new int[maxLength];
        if (prompt.Length + 1 > maxLength)
        {
            throw new ArgumentException($"a prompt of {prompt.Length} tokens leaves no room in windows of {maxLength}");
        }

        prompt.CopyTo(window);
        var first = Math.Min(answer.Length, maxLength - prompt.Length);
        answer[..first].CopyTo(window[prompt.Length..]);
        set.Add(window[..(prompt.Length + first)]);
        var prefix = repeatPrompt ? prompt.Length : 0;
        for (var (read, windows) = (first, 1); read < answer.Length && windows < maxWindows; windows++)
        {
            // The token before the window is read again, so that the window's first new token has its predecessor.
            var context = answer.Slice(read - 1, 1);
            context.CopyTo(window[prefix..]);
            var count = Math.Min(answer.Length - read, maxLength - prefix - 1);
            answer.Slice(read, count).CopyTo(window[(prefix + 1)..]);
            set.Add(window[..(prefix + 1 + count)], prefix + 1);
            read += count;
        }
    }
}
