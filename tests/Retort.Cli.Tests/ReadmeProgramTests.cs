using System.Globalization;
using System.IO.Compression;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Retort.Cli.Tests;

/// <summary>The libraries as packages, and the README's program built on them outside the clone. Filter by the trait.</summary>
[Trait("Category", "Packages")]
public sealed class ReadmeProgramTests(PackedLibraries libraries) : IClassFixture<PackedLibraries>, IDisposable
{
    private static readonly string[] Libraries =
        ["Analysis", "Core", "Inference", "Models", "Recipes", "Server", "Tasks", "Tensors", "Training"];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Every_library_packs_without_a_warning_and_says_what_it_is()
    {
        Assert.DoesNotContain("warning", libraries.Log, StringComparison.OrdinalIgnoreCase);
        var packages = Directory.GetFiles(libraries.Folder, "*.nupkg");
        Assert.Equal(
            Libraries.Select(name => $"Retort.{name}.{PackedLibraries.Version}.nupkg"), packages.Select(Path.GetFileName).Order());
        foreach (var path in packages)
        {
            using var package = ZipFile.OpenRead(path);
            var names = package.Entries.Select(entry => entry.FullName).ToArray();
            var name = Path.GetFileName(path)!.Replace($".{PackedLibraries.Version}.nupkg", "", StringComparison.Ordinal);
            Assert.Superset(
                new HashSet<string> { "README.md", "LICENSE", $"lib/net10.0/{name}.dll", $"lib/net10.0/{name}.xml" },
                names.ToHashSet());
            using var text = package.Entries.Single(entry => entry.FullName.EndsWith(".nuspec", StringComparison.Ordinal)).Open();
            var metadata = XDocument.Load(text).Root!.Elements().Single().Elements().ToLookup(part => part.Name.LocalName);
            Assert.Equal(("MIT", "README.md"), (metadata["license"].Single().Value, metadata["readme"].Single().Value));
            Assert.DoesNotContain("Package Description", metadata["description"].Single().Value, StringComparison.Ordinal);
            // Ours go together: each asks for the version it was built with.
            Assert.All(
                metadata["dependencies"].Descendants().Where(part => part.Attribute("id")?.Value.StartsWith("Retort.", StringComparison.Ordinal) == true),
                part => Assert.Equal(PackedLibraries.Version, part.Attribute("version")!.Value));
        }
    }

    [Fact]
    public void The_programs_in_the_README_are_short()
    {
        Assert.InRange(Blocks("csharp")[0].Split('\n').Length, 1, 15);
        Assert.InRange(Blocks("csharp")[1].Split('\n').Length, 1, 10);
    }

    [Fact]
    public void The_program_in_the_README_learns_its_task_from_outside_the_clone()
    {
        var output = Run("Retort.Training", Blocks("csharp")[0]);
        Assert.Equal(Assert.Single(Blocks("text")), output.TrimEnd());
        var right = int.Parse(Regex.Match(output, @"(\d+) of 100").Groups[1].Value, CultureInfo.InvariantCulture);
        Assert.InRange(right, 91, 100);
    }

    [Fact]
    public void The_chat_client_in_the_README_goes_on_with_a_text_from_outside_the_clone()
    {
        string[] words = ["Once", "upon", "a", "time", "there", "was"];
        var model = TinyModel.Save(Path.Combine(folder.Path, "model"), words, context: 200);
        var program = Blocks("csharp")[1];
        Assert.Contains("\"FOLDER\"", program, StringComparison.Ordinal);
        var output = Run("Retort.Inference", program.Replace("FOLDER", model, StringComparison.Ordinal));
        Assert.NotEmpty(output.Trim());
        Assert.All(output.Split(' ', StringSplitOptions.RemoveEmptyEntries), word => Assert.Contains(word.Trim(), words));
    }

    /// <summary>Builds a program on the packages in a folder of its own and returns what it prints.</summary>
    private string Run(string package, string program)
    {
        var home = Directory.CreateDirectory(Path.Combine(folder.Path, "mine")).FullName;
        File.WriteAllText(Path.Combine(home, "Program.cs"), program);
        File.WriteAllText(Path.Combine(home, "mine.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="{package}" Version="{PackedLibraries.Version}" />
              </ItemGroup>
            </Project>
            """);

        // Packages go to this folder, so that none of this version outlives the test; those of others are read where they are.
        var built = Tool.Dotnet(
            home, "build", "-c", "Release", "-v", "quiet", "-nodeReuse:false", "-p:UseSharedCompilation=false",
            $"-p:RestorePackagesPath={Path.Combine(home, "packages")}", $"-p:RestoreFallbackFolders={Tool.PackagesFolder}",
            $"-p:RestoreAdditionalProjectSources={libraries.Folder}");
        Assert.SkipWhen(
            built.Output.Contains("NU1301", StringComparison.Ordinal), "the packages Retort stands on are neither here nor to be had");
        Assert.True(built.ExitCode == 0, built.Output + built.Error);
        var ran = Tool.Dotnet(home, Path.Combine(home, "bin", "Release", "net10.0", "mine.dll"));
        Assert.True(ran.ExitCode == 0, ran.Output + ran.Error);
        return ran.Output;
    }

    /// <summary>The README's blocks of a language.</summary>
    private static string[] Blocks(string language)
    {
        var readme = File.ReadAllText(Path.Combine(Repository.Root, "README.md"));
        return [.. Regex.Matches(readme, $"^```{language}\n(.*?)\n```$", RegexOptions.Singleline | RegexOptions.Multiline).Select(match => match.Groups[1].Value)];
    }
}
