namespace Retort.Tensors.Cpu;

/// <summary>
/// Where heads lie. A row of <c>qkv</c> holds the queries, then the keys, then the values (rotary already applied);
/// query head h reads key/value head h / Group. The head size is a multiple of 4.
/// </summary>
internal static class AttentionShape
{
    /// <summary>Keys a tile: the lanes of the virtual vector, and the tokens of a cache page.</summary>
    public const int TileKeys = KvPages.PageTokens;

    extension(HeadShape shape)
    {
        /// <summary>Query heads that share one key/value head.</summary>
        public int Group => shape.NumHeads / shape.NumKvHeads;

        /// <summary>1 / sqrt(HeadDim), two float32 operations.</summary>
        public float Scale => 1f / MathF.Sqrt(shape.HeadDim);

        /// <summary>Where a key head starts in a row of qkv.</summary>
        public int KeyOffset(int kvHead) => (shape.NumHeads + kvHead) * shape.HeadDim;

        /// <summary>Where a value head starts in a row of qkv.</summary>
        public int ValueOffset(int kvHead) => (shape.NumHeads + shape.NumKvHeads + kvHead) * shape.HeadDim;

        /// <summary>Throws <see cref="ArgumentException"/> unless the heads divide and the head size suits the lanes.</summary>
        public void ValidateForAttention()
        {
            if (shape.NumKvHeads <= 0 || shape.NumHeads <= 0 || shape.NumHeads % shape.NumKvHeads != 0)
            {
                throw new ArgumentException(
                    $"{shape.NumHeads} query heads do not divide into {shape.NumKvHeads} key/value heads.");
            }

            if (shape.HeadDim <= 0 || shape.HeadDim % 4 != 0)
            {
                throw new ArgumentException($"A head of {shape.HeadDim} floats: expected a positive multiple of 4.");
            }
        }
    }

    public static int RoundUp(int count, int multiple) => (count + multiple - 1) / multiple * multiple;
}
