using System.Diagnostics.CodeAnalysis;
using CsCheck;
using Retort.Inference.Kv;
using Retort.Inference.Scheduling;
using Retort.Tensors;

namespace Retort.Inference.Tests.Kv;

public sealed class PrefixCacheTests
{
    /// <summary>
    /// Random texts over two letters come and go through a small pool. A slow model remembers what text each page was filled
    /// with: what the cache finds is always the text's own page, and never one that somebody else has filled since.
    /// </summary>
    [Fact]
    public void A_found_chain_holds_exactly_the_texts_pages()
    {
        Gen.Select(Gen.Int[0, 3], Gen.Int[0, 3], Gen.Int[0, 3]).Array[1, 60].Sample(texts =>
        {
            var cache = new PrefixCache(7);
            var pages = new PageAllocator(7, cache);
            var filled = new string[7];
            foreach (var (a, b, c) in texts)
            {
                int[] tokens = [.. Page(a), .. Page(b), .. Page(c)];
                var (chain, held, known) = (default(PrefixChain), new List<int>(), "");
                for (var i = 0; i < 3; i++)
                {
                    var page = tokens.AsSpan(i * KvPages.PageTokens, KvPages.PageTokens);
                    known += "|" + string.Join(',', page.ToArray());
                    if (held.Count == i && cache.TryFind(chain, page, out var longer))
                    {
                        held.Add(pages.Share(longer.Page));
                        Assert.Equal(known, filled[longer.Page]);
                    }
                    else
                    {
                        held.Add(pages.Take());
                        filled[held[i]] = known;
                        Assert.True(cache.TryRegister(chain, held[i], page, out longer));
                    }

                    chain = longer;
                }

                Assert.Equal(4, pages.NumFree);
                held.Reverse();
                held.ForEach(pages.Release);
                Assert.Equal(7, pages.NumFree);
            }
        }, iter: 2000);

        static IEnumerable<int> Page(int letter) => Enumerable.Repeat(letter, KvPages.PageTokens);
    }

    [Fact]
    public void Of_a_text_that_ended_the_first_pages_stay_longest()
    {
        var kv = new PagedKv(3, cachesPrefixes: true);
        var (text, other) = (new Text(3, 1), new Text(2, 2));
        Assert.True(kv.TryGrow(text, text.NumPromptTokens));
        text.NumCached = text.NumPromptTokens;
        kv.Register(text);
        kv.Release(text);
        Assert.True(kv.TryGrow(other, other.NumPromptTokens));
        kv.Restore(text);
        Assert.Equal(KvPages.PageTokens, text.NumCached);
    }

    private sealed class Text : ScheduledSequence
    {
        private readonly int[] tokens;

        [SetsRequiredMembers]
        public Text(int pages, int letter)
        {
            tokens = [.. Enumerable.Repeat(letter, pages * KvPages.PageTokens)];
            (Order, NumPromptTokens, MaxLength) = (letter, tokens.Length, tokens.Length + 1);
        }

        public override ReadOnlySpan<int> KnownTokens => tokens;
    }

    [Fact]
    public void Pages_of_one_hash_are_told_apart_by_their_tokens()
    {
        var (one, other) = Colliding();
        Assert.Equal(PrefixCache.Hash(default, one), PrefixCache.Hash(default, other));
        Assert.NotEqual(one, other);
        var cache = new PrefixCache(2);
        Assert.True(cache.TryRegister(default, 0, one, out _));
        Assert.False(cache.TryFind(default, other, out _));
        Assert.False(cache.TryRegister(default, 1, other, out _));
        Assert.True(cache.TryFind(default, one, out _));
    }

    /// <summary>
    /// A token changes 32 of the hash's 64 bits: of two texts whose states agree in the other 32 (there are such among a million),
    /// the last tokens make up for the rest.
    /// </summary>
    private static (int[] One, int[] Other) Colliding()
    {
        const ulong prime = 0x100000001B3UL;
        var before = unchecked(0xCBF29CE484222325UL * prime);
        for (var i = 0; i < KvPages.PageTokens - 3; i++)
        {
            before = Step(before, 0);
        }

        var seen = new Dictionary<uint, (int Token, ulong State)>();
        for (var token = 0; ; token++)
        {
            var state = Step(Step(before, token), token);
            if (seen.TryGetValue((uint)(state >> 32), out var first))
            {
                return (Page(first.Token, 0), Page(token, (int)(uint)(first.State ^ state)));
            }

            seen.Add((uint)(state >> 32), (token, state));
        }

        static ulong Step(ulong hash, int token)
        {
            hash = (hash ^ (uint)token) * prime;
            return hash ^ (hash >> 29);
        }

        static int[] Page(int twice, int last) => [.. new int[KvPages.PageTokens - 3], twice, twice, last];
    }

    [Fact]
    public void The_page_unused_for_longest_is_given_up_first_and_the_beginning_of_a_text_last()
    {
        var cache = new PrefixCache(3);
        var pages = new PageAllocator(3, cache);
        var text = new int[2 * KvPages.PageTokens];
        int first = pages.Take(), second = pages.Take();
        Assert.True(cache.TryRegister(default, first, text.AsSpan(0, KvPages.PageTokens), out var one));
        Assert.True(cache.TryRegister(one, second, text.AsSpan(KvPages.PageTokens), out var two));
        pages.Release(second);
        pages.Release(first);
        Assert.Equal(3, pages.NumFree);
        pages.Take();
        Assert.Equal(second, pages.Take());
        Assert.True(cache.TryFind(default, text.AsSpan(0, KvPages.PageTokens), out var found));
        Assert.Equal(one, found);
        Assert.False(cache.TryFind(found, text.AsSpan(KvPages.PageTokens), out _));
        // Nothing can follow a page that has been given up.
        Assert.False(cache.TryRegister(two, second, text.AsSpan(0, KvPages.PageTokens), out _));
    }
}
