using System.Buffers.Binary;
using System.Text;
using CsCheck;
using Retort.Core;
using Retort.Models.Checkpoints;

namespace Retort.Models.Tests.Checkpoints;

public sealed class SafetensorsTests : IDisposable
{
    private static readonly byte[] JsonBytes = [.. "0123456789[]{},:\"\\-.eE \0+t"u8];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_hand_made_file_of_every_readable_dtype_gives_its_numbers()
    {
        var header = """
            {"__metadata__":{"format":"pt"},"h":{"dtype":"F16","shape":[2],"data_offsets":[8,12]},
            "f":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},"b":{"dtype":"BF16","shape":[],"data_offsets":[12,14]},
            "empty":{"dtype":"F32","shape":[0,3],"data_offsets":[14,14]}}
            """;
        byte[] data = [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0, 0x00, 0x3C, 0x01, 0x00, 0x80, 0x3F];
        using var file = SafetensorsFile.Open(folder.Write("x", FileOf(header, data)));
        Assert.Equal(["b", "empty", "f", "h"], file.Names);
        Assert.Equal([2, 1], file.Shape("f"));
        Assert.Equal("BF16", file.Dtype("b"));
        Assert.Equal([1f, -2f], Read(file, "f", 2));
        Assert.Equal([1f, MathF.Pow(2, -24)], Read(file, "h", 2));
        Assert.Equal([1f], Read(file, "b", 1));
        Assert.Empty(Read(file, "empty", 0));
    }

    [Fact]
    public void Written_bytes_depend_on_neither_order_nor_run_and_are_the_format_to_the_letter()
    {
        TensorToWrite[] tensors = [Ones("b", 1.5f, 2), Ones("a", -1f, 1, 1)];
        SafetensorsWriter.Write(folder.File("1"), tensors);
        SafetensorsWriter.Write(folder.File("2"), tensors.Reverse());
        var bytes = File.ReadAllBytes(folder.File("1"));
        Assert.Equal(bytes, File.ReadAllBytes(folder.File("2")));
        var header = """{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""";
        header = header.PadRight((header.Length + 7) / 8 * 8);
        Assert.Equal(FileOf(header, [0, 0, 0x80, 0xBF, 0, 0, 0xC0, 0x3F, 0, 0, 0xC0, 0x3F]), bytes);
    }

    [Theory]
    [InlineData(TensorType.F32)]
    [InlineData(TensorType.BF16)]
    [InlineData(TensorType.F16)]
    public void What_is_written_is_read_back_rounded_to_the_format_through_many_buffers(TensorType type)
    {
        var random = CounterRandom.For(1, "safetensors");
        var values = new float[70_001];
        foreach (ref var value in values.AsSpan())
        {
            value = (float)random.NextGaussian();
        }

        SafetensorsWriter.Write(folder.File("x"), [new("v", [values.Length], values.CopyTo)], type);
        var expected = Array.ConvertAll(values, value => type switch
        {
            TensorType.BF16 => TensorTypes.FromBFloat16(TensorTypes.ToBFloat16(value)),
            TensorType.F16 => (float)(Half)value,
            _ => value,
        });
        using var file = SafetensorsFile.Open(folder.File("x"));
        Assert.Equal(expected, Read(file, "v", values.Length));
    }

    public static TheoryData<string, int, string> Lies => new()
    {
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}}""", 6, "tensor 'b': begins at byte 2, which overlaps the tensor before it; expected byte 4" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "tensor 'a': begins at byte 4, which leaves a hole" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 8, "has 8 bytes of data; expected 4" },
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 4, "data_offsets: is [0,8]" },
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", 4, "has 4 bytes for shape [2] of F32; expected 8 bytes" },
        { """{"a":{"dtype":"F32","shape":[2147483647,2147483647,2147483647,2147483647],"data_offsets":[0,4]}}""", 4, "expected a shape that fits a file" },
        { """{"a":{"dtype":"F33","shape":[1],"data_offsets":[0,4]}}""", 4, "did you mean 'F32'?" },
        { """{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", 4, "shape: is -1" },
        { """{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}""", 4, "shape: is 1.5" },
        { """{"a":{"dtype":"F32","shape":1,"data_offsets":[0,4]}}""", 4, "expected a JSON array" },
        { """{"a":{"dtype":"F32","data_offsets":[0,4]}}""", 4, "has no field 'shape'" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offset":[0,4]}}""", 4, "did you mean 'data_offsets'?" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}""", 4, "data_offsets: is [4,0]" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,4]}}""", 4, "data_offsets: is [0,4,4]" },
        { """{"a":7}""", 0, "tensor 'a': is 7; expected a JSON object" },
        { """{"__metadata__":{"format":3}}""", 0, "holds 3; expected strings only" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "'a'" },
        { """[]""", 0, "expected a JSON object" },
        { """{""", 0, "is not well-formed JSON" },
        { "{\"\\ud800\":1}", 0, "is not well-formed JSON" },
    };

    [Theory]
    [MemberData(nameof(Lies))]
    public void A_lying_header_is_named(string header, int dataBytes, string message)
    {
        var path = folder.Write("x", FileOf(header, new byte[dataBytes]));
        var error = Assert.Throws<UserError>(() => SafetensorsFile.Open(path));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
        Assert.Equal(2, error.ExitCode);
    }

    [Theory]
    [InlineData(0UL)]
    [InlineData(100UL)]
    [InlineData(200_000_000UL)]
    [InlineData(ulong.MaxValue)]
    public void A_header_longer_than_the_file_or_empty_is_refused_without_allocating_it(ulong length)
    {
        var bytes = new byte[20];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, length);
        var path = folder.Write("x", bytes);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<UserError>(() => SafetensorsFile.Open(path));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public void Weights_that_are_not_finite_are_named_with_the_first_index()
    {
        var values = new float[40_000];
        values[33_333] = float.NaN;
        values[39_999] = float.PositiveInfinity;
        SafetensorsWriter.Write(folder.File("x"), [new("w", [200, 200], values.CopyTo)]);
        using var file = SafetensorsFile.Open(folder.File("x"));
        var error = Assert.Throws<UserError>(() => Read(file, "w", values.Length));
        Assert.EndsWith("tensor 'w': is NaN at index 33333; expected finite weights", error.Message, StringComparison.Ordinal);
        var read = new float[values.Length];
        file.Read("w", read, allowNonFinite: true);
        Assert.Equal(values, read);
    }

    [Fact]
    public void Mutated_and_truncated_files_give_user_errors_and_nothing_else()
    {
        SafetensorsWriter.Write(folder.File("x"), [Ones("model.a", 1f, 2, 3), Ones("model.b", 2f, 5), Ones("c", 3f, 1)], TensorType.BF16);
        var valid = File.ReadAllBytes(folder.File("x"));
        var headerEnd = 8 + (int)BinaryPrimitives.ReadInt64LittleEndian(valid);
        var mutation = Gen.Select(Gen.Int[0, headerEnd - 1], Gen.OneOf(Gen.Byte, Gen.Int[0, 25].Select(i => JsonBytes[i])));
        Gen.Select(mutation.Array[1, 6], Gen.Frequency((3, Gen.Const(valid.Length)), (1, Gen.Int[0, valid.Length])))
            .Sample(
                (mutations, length) =>
                {
                    var bytes = valid.AsSpan(0, length).ToArray();
                    foreach (var (position, value) in mutations)
                    {
                        if (position < bytes.Length)
                        {
                            bytes[position] = value;
                        }
                    }

                    return SurvivesReading(bytes);
                },
                iter: 3000, threads: 1);
    }

    [Fact]
    public void Random_bytes_behind_a_true_length_give_user_errors_and_nothing_else() =>
        Gen.Byte.Array[0, 200].Sample(
            noise =>
            {
                var bytes = new byte[8 + noise.Length];
                BinaryPrimitives.WriteInt64LittleEndian(bytes, noise.Length);
                noise.CopyTo(bytes, 8);
                return SurvivesReading(bytes);
            },
            iter: 500, threads: 1);

    private bool SurvivesReading(byte[] bytes)
    {
        var path = folder.Write("mutant", bytes);
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            using var file = SafetensorsFile.Open(path);
            foreach (var name in file.Names)
            {
                // What the header claims is bounded by the file, so this allocation is too.
                var count = file.Shape(name).Aggregate(1L, (product, size) => product * size);
                Assert.InRange(count, 0, bytes.Length);
                file.Read(name, new float[count]);
            }
        }
        catch (UserError)
        {
        }

        return GC.GetAllocatedBytesForCurrentThread() - before < 4 << 20;
    }

    private static TensorToWrite Ones(string name, float value, params int[] shape) =>
        new(name, shape, destination => destination.Fill(value));

    private static float[] Read(SafetensorsFile file, string name, int count)
    {
        var values = new float[count];
        file.Read(name, values);
        return values;
    }

    private static byte[] FileOf(string header, byte[] data)
    {
        var json = Encoding.UTF8.GetBytes(header);
        var bytes = new byte[8 + json.Length + data.Length];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, json.Length);
        json.CopyTo(bytes, 8);
        data.CopyTo(bytes, 8 + json.Length);
        return bytes;
    }
}
