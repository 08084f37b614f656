using CsCheck;
using Retort.Models.Tokenizers;

namespace Retort.Models.Tests.Tokenizers;

public class UnicodeCompositionTests
{
    /// <summary>Cases of Unicode's annex 15 and its conformance test.</summary>
    [Theory]
    [InlineData("plain ÀÉ", "plain ÀÉ")]
    [InlineData("e\u0301", "\u00E9")]
    [InlineData("\u212B", "\u00C5")]
    [InlineData("\u2126", "\u03A9")]
    [InlineData("A\u030A", "\u00C5")]
    [InlineData("s\u0323\u0307", "\u1E69")]
    [InlineData("s\u0307\u0323", "\u1E69")]
    [InlineData("\u1E0B\u0323", "\u1E0D\u0307")]
    [InlineData("q\u0307\u0323", "q\u0323\u0307")]
    [InlineData("a\u0315\u0300\u05AEb", "\u00E0\u05AE\u0315b")]
    [InlineData("\u1112\u1161\u11AB\u1100\u1173\u11AF", "\uD55C\uAE00")]
    [InlineData("\uD55C\u11AB", "\uD55C\u11AB")]
    [InlineData("\uD558\u11AB", "\uD55C")]
    [InlineData("\u0958", "\u0915\u093C")]
    [InlineData("\uFB1D", "\u05D9\u05B4")]
    [InlineData("\U0001D15E", "\U0001D157\U0001D165")]
    [InlineData("\uF900", "\u8C48")]
    [InlineData("\u0344", "\u0308\u0301")]
    [InlineData("\uFB01", "\uFB01")]
    [InlineData("\u0301e", "\u0301e")]
    [InlineData("\u0B47\u0300\u0B3E", "\u0B47\u0300\u0B3E")]
    [InlineData("\u0B47\u0B3E", "\u0B4B")]
    [InlineData("🎲\u0301", "🎲\u0301")]
    public void Known_texts_compose_to_known_texts(string text, string composed) => Assert.Equal(composed, UnicodeComposition.Compose(text));

    [Fact]
    public void Composing_twice_changes_nothing() => Gen.Int[0, 0x11FF].Where(c => c is < 0xD800 or > 0xDFFF).Array[0, 12].Sample(
        characters =>
        {
            var once = UnicodeComposition.Compose(string.Concat(characters.Select(char.ConvertFromUtf32)));
            Assert.Equal(once, UnicodeComposition.Compose(once));
        },
        iter: 2000);
}
