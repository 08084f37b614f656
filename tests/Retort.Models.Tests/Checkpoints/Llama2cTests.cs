using System.Buffers.Binary;
using System.Runtime.InteropServices;
using CsCheck;
using Retort.Core;
using Retort.Models.Checkpoints;

namespace Retort.Models.Tests.Checkpoints;

public sealed class Llama2cTests : IDisposable
{
    // dim 8, hidden 4, 2 layers, 2 heads, 1 kv head, vocabulary 5, context 3.
    private static readonly int[] Header = [8, 4, 2, 2, 1, 5, 3];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(5)]
    [InlineData(-5)]
    public void Arrays_get_their_names_and_query_rows_are_moved_from_pairs_to_halves(int vocabulary)
    {
        // Every weight is its own index in the file, so each value tells where it came from.
        var numFloats = 5 * 8 + 2 * (8 + 64 + 32 + 32 + 64 + 8 + 3 * 32) + 8 + 2 * 3 * 2 + (vocabulary < 0 ? 40 : 0);
        var path = folder.Write("m.bin", FileOf([.. Header[..5], vocabulary, 3], numFloats));
        using var source = Checkpoint.Open(path);
        Assert.Equal(vocabulary > 0, source.Config.TiedEmbeddings);
        Assert.Equal(40, Read(source, "model.layers.0.input_layernorm.weight")[0]);
        Assert.Equal(48, Read(source, "model.layers.1.input_layernorm.weight")[0]);
        const int firstQuery = 40 + 16;
        var query = Read(source, "model.layers.1.self_attn.q_proj.weight");
        // Rows of a head of 4: 0, 2 are the pairs' first members, 1, 3 their second.
        int[] rowFrom = [0, 2, 1, 3, 4, 6, 5, 7];
        Assert.Equal(rowFrom.Select(row => (float)(firstQuery + 64 + 8 * row)), Enumerable.Range(0, 8).Select(row => query[8 * row]));
        const int firstValue = firstQuery + 128 + 64;
        Assert.Equal(firstValue + 8, Read(source, "model.layers.0.self_attn.v_proj.weight")[8]);
        const int firstW1 = firstValue + 64 + 128 + 16;
        Assert.Equal(firstW1, Read(source, "model.layers.0.mlp.gate_proj.weight")[0]);
        Assert.Equal(firstW1 + 64, Read(source, "model.layers.0.mlp.down_proj.weight")[0]);
        Assert.Equal(firstW1 + 128, Read(source, "model.layers.0.mlp.up_proj.weight")[0]);
        Assert.Equal(firstW1 + 192, Read(source, "model.norm.weight")[0]);
        if (vocabulary < 0)
        {
            Assert.Equal(firstW1 + 192 + 8 + 12, Read(source, "lm_head.weight")[0]);
        }
    }

    [Fact]
    public void The_published_260K_model_opens()
    {
        using var source = Checkpoint.Open(SharedData.Find("stories260k/stories260K.bin"));
        Assert.Equal(260_032, source.Config.ParameterCount.Total);
        Assert.Equal([1, 2], source.EndTokenIds);
        foreach (var name in source.Names)
        {
            Assert.Contains(Read(source, name), value => value != 0);
        }
    }

    [Fact]
    public void Mutated_and_truncated_files_give_user_errors_and_nothing_else()
    {
        var valid = FileOf(Header, 668);
        folder.Write("valid.bin", valid);
        Checkpoint.Open(folder.File("valid.bin")).Dispose();
        Gen.Select(Gen.Int[0, 27], Gen.Byte, Gen.Frequency((1, Gen.Const(valid.Length)), (1, Gen.Int[0, valid.Length]))).Sample(
            (position, value, length) =>
            {
                var bytes = valid[..length];
                if (position < length)
                {
                    bytes[position] = value;
                }

                var path = folder.Write("mutant.bin", bytes);
                var before = GC.GetAllocatedBytesForCurrentThread();
                try
                {
                    using var source = Checkpoint.Open(path);
                    foreach (var name in source.Names)
                    {
                        Read(source, name);
                    }
                }
                catch (UserError)
                {
                }

                return GC.GetAllocatedBytesForCurrentThread() - before < 8 << 20;
            },
            iter: 1000, threads: 1);
    }

    [Fact]
    public void A_wrong_length_is_told_in_bytes()
    {
        var path = folder.Write("m.bin", FileOf(Header, 667));
        var error = Assert.Throws<UserError>(() => Checkpoint.Open(path));
        Assert.Contains("has 2696 bytes; expected 2700", error.Message, StringComparison.Ordinal);
    }

    private static byte[] FileOf(int[] header, int numFloats)
    {
        var bytes = new byte[28 + 4 * numFloats];
        MemoryMarshal.AsBytes(header.AsSpan()).CopyTo(bytes);
        for (var i = 0; i < numFloats; i++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(28 + 4 * i), i);
        }

        return bytes;
    }

    private static float[] Read(ITensorSource source, string name)
    {
        var values = new float[source.Shape(name).Aggregate(1, (product, size) => product * size)];
        source.Read(name, values);
        return values;
    }
}
