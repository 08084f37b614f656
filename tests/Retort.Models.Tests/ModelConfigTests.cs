using Retort.Core;

namespace Retort.Models.Tests;

public class ModelConfigTests
{
    private static readonly ModelConfig Stories = new()
    {
        VocabularySize = 512,
        HiddenSize = 64,
        NumLayers = 5,
        NumHeads = 8,
        NumKvHeads = 4,
        IntermediateSize = 172,
        MaxPositions = 512,
    };

    [Fact]
    public void Parameters_of_the_published_260K_model_are_260032()
    {
        var count = Stories.ParameterCount;
        Assert.Equal(260_032, count.Total);
        Assert.Equal(512 * 64, count.Embedding);
    }

    [Fact]
    public void An_untied_head_and_learned_positions_are_embedding_parameters()
    {
        var count = (Stories with { TiedEmbeddings = false, Position = PositionKind.Learned }).ParameterCount;
        Assert.Equal(512 * 64 * 3, count.Embedding);
        Assert.Equal(Stories.ParameterCount.NonEmbedding, count.NonEmbedding);
    }

    [Fact]
    public void Derived_sizes_are_filled_so_that_equal_models_compare_equal()
    {
        var bare = Stories with { NumKvHeads = 0 };
        Assert.Equal(8, bare.NumKvHeads);
        Assert.Equal(8, bare.HeadDim);
        Assert.Equal(
            (bare with { HeadDim = 8, NumKvHeads = 8 }).Validated(),
            bare.Validated());
    }

    public static TheoryData<ModelConfig, string> Wrong => new()
    {
        { Stories with { VocabularySize = 0 }, "model.vocabularySize: is 0" },
        { Stories with { HiddenSize = -64 }, "model.hiddenSize: is -64" },
        { Stories with { NumHeads = 0 }, "model.numHeads: is 0" },
        { Stories with { NumHeads = 7, NumKvHeads = 7 }, "model.numHeads: is 7; expected a divisor of hiddenSize = 64" },
        { Stories with { NumKvHeads = 3 }, "model.numKvHeads: is 3; expected a divisor of numHeads = 8" },
        { Stories with { NumKvHeads = 16 }, "model.numKvHeads: is 16" },
        { Stories with { HeadDim = 6 }, "model.headDim: is 6; expected a positive multiple of 4" },
        { Stories with { NumHeads = 32 }, "model.headDim: is 2" },
        { Stories with { HeadDim = 1 << 20 }, "model.headDim: is 1048576" },
        { Stories with { NormEpsilon = 0 }, "model.normEpsilon: is 0" },
        { Stories with { NormEpsilon = float.NaN }, "model.normEpsilon: is NaN" },
        { Stories with { RopeBase = double.PositiveInfinity }, "model.ropeBase: is" },
        { Stories with { Activation = (Activation)9 }, "model.activation: is 9; expected SwiGlu, Gelu, Relu" },
        { Stories with { EosTokenId = 512 }, "model.eosTokenId: is 512; expected a token of the vocabulary: 0 .. 511" },
    };

    [Theory]
    [MemberData(nameof(Wrong), DisableDiscoveryEnumeration = true)]
    public void A_wrong_field_is_named_with_its_value_and_what_was_expected(ModelConfig config, string message)
    {
        var error = Assert.Throws<UserError>(() => config.Validated());
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
        Assert.Equal(2, error.ExitCode);
    }
}
