using Retort.Tensors;

namespace Retort.Inference.Kv;

/// <summary>Tokens and pages.</summary>
internal static class PageCount
{
    /// <summary>Pages that so many tokens need.</summary>
    public static int For(int tokens) => (tokens + KvPages.PageTokens - 1) / KvPages.PageTokens;
}
