using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using Retort.Core;

namespace Retort.Models.Checkpoints;

/// <summary>
/// A model in the llama2.c layout, version 0: seven int32 (dim, hidden, layers, heads, kv heads, vocabulary, context; a
/// negative vocabulary means an untied head), then float32 arrays, each for all layers before the next. Rotation there
/// pairs neighbours (2i, 2i+1); here it pairs (i, i + headDim/2), so rows of wq and wk are permuted inside each head.
/// </summary>
public sealed class Llama2cFile : ITensorSource
{
    private const int HeaderBytes = 28;
    private const int BosId = 1, EosId = 2;

    private readonly string path;
    private readonly SafeFileHandle file;
    private readonly Dictionary<string, (long Offset, TensorSpec Spec)> tensors = [];

    private Llama2cFile(string path, SafeFileHandle file, ModelConfig config)
    {
        (this.path, this.file, Config) = (path, file, config);
        Names = [.. TensorLayout.Of(config).Select(spec => spec.Name)];
        var specs = TensorLayout.Of(config).ToDictionary(spec => spec.Name);
        var position = (long)HeaderBytes;
        foreach (var name in NamesOnDisk(config))
        {
            var spec = specs[name];
            tensors.Add(name, (position, spec));
            position += sizeof(float) * spec.NumElements;
            if (name == TensorLayout.FinalNorm + ".weight")
            {
                // Two rotary tables nobody uses any more: [context, headDim / 2] each.
                position += sizeof(float) * 2L * config.MaxPositions * (config.HeadDim / 2);
            }
        }

        ExpectedBytes = position;
    }

    /// <inheritdoc/>
    public ModelConfig Config { get; }

    /// <inheritdoc/>
    public IReadOnlyList<int> EndTokenIds { get; } = [BosId, EosId];

    /// <inheritdoc/>
    public IReadOnlyList<string> Names { get; }

    private long ExpectedBytes { get; }

    /// <summary>Opens a file and checks its header against its length.</summary>
    public static Llama2cFile Open(string path)
    {
        SafeFileHandle? file = null;
        try
        {
            file = File.OpenHandle(path);
            var length = RandomAccess.GetLength(file);
            Span<byte> header = stackalloc byte[HeaderBytes];
            SafetensorsFile.ReadExactly(file, header, 0, path);
            var config = ParseHeader(header, path);
            // Checked before the list of tensors is built: a lying header must not cost memory.
            var floor = sizeof(float) * (long)config.NumLayers * config.HiddenSize;
            var opened = floor > length ? null : new Llama2cFile(path, file, config);
            if (opened is null || opened.ExpectedBytes != length)
            {
                throw UserError.Request(path, $"has {length} bytes",
                    $"{opened?.ExpectedBytes.ToString() ?? "more"} for the sizes in its header (llama2.c version 0)");
            }

            file = null;
            return opened;
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            throw UserError.Request(path, "does not exist", "a llama2.c model");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw UserError.Environment(path, $"cannot be read ({fault.Message})", "a readable file", fault);
        }
        finally
        {
            file?.Dispose();
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<int> Shape(string name) => Find(name).Spec.Shape;

    /// <inheritdoc/>
    public void Read(string name, Span<float> destination)
    {
        var (offset, spec) = Find(name);
        if (destination.Length != spec.NumElements)
        {
            throw new ArgumentException($"'{name}' has {spec.NumElements} elements, not {destination.Length}", nameof(destination));
        }

        var permuted = name.EndsWith("q_proj.weight", StringComparison.Ordinal) || name.EndsWith("k_proj.weight", StringComparison.Ordinal);
        var (width, rows) = (spec.Shape[^1], destination.Length / spec.Shape[^1]);
        var bytes = new byte[sizeof(float) * width];
        for (var row = 0; row < rows; row++)
        {
            SafetensorsFile.ReadExactly(file, bytes, offset + (long)row * bytes.Length, path);
            var target = destination.Slice((permuted ? HalfRotationRow(row) : row) * width, width);
            TensorType.F32.Decode(bytes, target);
            SafetensorsFile.CheckFinite(target, (long)row * width, $"{path}: tensor '{name}'");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

    /// <summary>Where a row of wq or wk goes: pair i's first row to i, its second to i + headDim/2, inside its head.</summary>
    private int HalfRotationRow(int row)
    {
        var (head, inside) = Math.DivRem(row, Config.HeadDim);
        return head * Config.HeadDim + inside / 2 + inside % 2 * (Config.HeadDim / 2);
    }

    private (long Offset, TensorSpec Spec) Find(string name) => tensors.TryGetValue(name, out var found) ? found
        : throw UserError.Request(path, $"has no tensor '{name}'", null, NearestName.Of(name, Names));

    private static ModelConfig ParseHeader(ReadOnlySpan<byte> header, string path)
    {
        var numbers = new int[HeaderBytes / sizeof(int)];
        for (var i = 0; i < numbers.Length; i++)
        {
            numbers[i] = BinaryPrimitives.ReadInt32LittleEndian(header[(i * sizeof(int))..]);
        }

        var config = new ModelConfig
        {
            HiddenSize = numbers[0],
            IntermediateSize = numbers[1],
            NumLayers = numbers[2],
            NumHeads = numbers[3],
            // A zero would mean "as many as heads" in the configuration; in the file it is a fault.
            NumKvHeads = numbers[4] == 0 ? -1 : numbers[4],
            VocabularySize = numbers[5] == int.MinValue ? 0 : Math.Abs(numbers[5]),
            MaxPositions = numbers[6],
            TiedEmbeddings = numbers[5] > 0,
            NormEpsilon = 1e-5f,
            RopeBase = 10_000,
        };
        config = config.Validated($"{path}: header");
        return config.VocabularySize > EosId ? config with { BosTokenId = BosId, EosTokenId = EosId } : config;
    }

    private static IEnumerable<string> NamesOnDisk(ModelConfig config)
    {
        yield return TensorLayout.TokenEmbedding;
        foreach (var part in new[]
        {
            "input_layernorm", "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj",
            "post_attention_layernorm", "mlp.gate_proj", "mlp.down_proj", "mlp.up_proj",
        })
        {
            for (var layer = 0; layer < config.NumLayers; layer++)
            {
                yield return $"{TensorLayout.Layer(layer)}{part}.weight";
            }
        }

        yield return TensorLayout.FinalNorm + ".weight";
        if (!config.TiedEmbeddings)
        {
            yield return TensorLayout.OutputHead;
        }
    }
}
