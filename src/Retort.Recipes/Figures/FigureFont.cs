using ScottPlot;
using SkiaSharp;

namespace Retort.Recipes.Figures;

/// <summary>
/// The font all figures are set in: Inter (SIL Open Font License), carried inside this library because a fresh machine
/// may have no font at all. Whatever family is asked for, this one is given, so figures are the same everywhere.
/// </summary>
public static class FigureFont
{
    /// <summary>Family name, as the SVG names it.</summary>
    public const string Family = "Inter";

    private static readonly Lazy<SKTypeface> LazyRegular = new(() => Load("Inter-Regular.otf"));
    private static readonly Lazy<SKTypeface> LazySemiBold = new(() => Load("Inter-SemiBold.otf"));
    private static readonly Lazy<bool> Registered = new(Register);
    private static readonly Lazy<string> LazyCss = new(() => Face(400, "Inter-Regular.woff2") + Face(600, "Inter-SemiBold.woff2"));

    /// <summary>For text.</summary>
    public static SKTypeface Regular => LazyRegular.Value;

    /// <summary>For titles.</summary>
    public static SKTypeface SemiBold => LazySemiBold.Value;

    /// <summary>@font-face rules with the fonts inside them, for SVG and HTML.</summary>
    public static string Css => LazyCss.Value;

    /// <summary>Puts the font before all of ScottPlot's own sources of fonts. Once is enough; more do no harm.</summary>
    public static void Use() => _ = Registered.Value;

    private static bool Register()
    {
        Fonts.FontResolvers.Insert(0, new EmbeddedResolver());
        Fonts.Default = Family;
        return true;
    }

    private static SKTypeface Load(string file)
    {
        using var data = SKData.CreateCopy(Bytes(file));
        return SKTypeface.FromData(data) ?? throw new InvalidOperationException($"The embedded font {file} is broken.");
    }

    private static string Face(int weight, string file) =>
        $"@font-face{{font-family:'{Family}';font-weight:{weight};src:url(data:font/woff2;base64,"
        + $"{Convert.ToBase64String(Bytes(file))}) format('woff2')}}";

    private static byte[] Bytes(string file)
    {
        using var stream = typeof(FigureFont).Assembly.GetManifestResourceStream(file)
            ?? throw new InvalidOperationException($"The font {file} is not embedded in this library.");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    private sealed class EmbeddedResolver : IFontResolver
    {
        public SKTypeface CreateTypeface(string fontName, FontWeight weight, FontSlant slant, FontSpacing width) =>
            weight >= FontWeight.SemiBold ? SemiBold : Regular;

        public SKTypeface CreateTypeface(string fontName, bool bold, bool italic) => bold ? SemiBold : Regular;
    }
}
