namespace Retort.Training;

/// <summary>
/// Long traces as training windows. The paper splits a trace into consecutive windows of the context length; at our sizes
/// every continuation begins with the prompt again, so that each token is conditioned on its problem (a stated departure),
/// and then a gap mark: without it a model cannot tell a continuation from a beginning, and answers a prompt from the
/// middle of a search.
/// </summary>
public static class Windows
{
    /// <summary>Tokens that a window needs beside the prompt: the gap mark, the token before, and one that is learned.</summary>
    public const int LeastRoom = 3;

    /// <summary>
    /// Adds prompt + answer to <paramref name="set"/> in windows of at most <paramref name="maxLength"/> tokens. The prompt is learned
    /// once, in the first window. Later windows are prompt, <paramref name="gapToken"/>, the token before, and the new tokens, of which only
    /// the new ones are learned. Windows after the first <paramref name="maxWindows"/> are left out; 0: none is.
    /// </summary>
    public static void Add(
        SequenceSet set, ReadOnlySpan<int> prompt, ReadOnlySpan<int> answer, int maxLength, int gapToken,
        int maxWindows = 0)
    {
        var prefix = prompt.Length + 1;
        if (prompt.Length + LeastRoom > maxLength)
        {
            throw new ArgumentException($"a prompt of {prompt.Length} tokens leaves no room in windows of {maxLength}");
        }

        Span<int> window = new int[maxLength];
        prompt.CopyTo(window);
        var first = Math.Min(answer.Length, maxLength - prompt.Length);
        answer[..first].CopyTo(window[prompt.Length..]);
        set.Add(window[..(prompt.Length + first)]);
        window[prompt.Length] = gapToken;
        for (var (read, windows) = (first, 1); read < answer.Length && (maxWindows == 0 || windows < maxWindows); windows++)
        {
            // The token before the window is read again, so that the window's first new token has its predecessor.
            var count = Math.Min(answer.Length - read, maxLength - prefix - 1);
            answer.Slice(read - 1, count + 1).CopyTo(window[prefix..]);
            set.Add(window[..(prefix + 1 + count)], prefix + 1);
            read += count;
        }
    }
}
