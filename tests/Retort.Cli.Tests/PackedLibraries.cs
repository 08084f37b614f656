namespace Retort.Cli.Tests;

/// <summary>Packs what was built, once, into a folder that goes away.</summary>
public sealed class PackedLibraries : IDisposable
{
    /// <summary>Never published, so that no package of this name can come from elsewhere.</summary>
    public const string Version = "0.0.0-test";

    private readonly TemporaryFolder folder = new();

    public PackedLibraries()
    {
        Assert.SkipUnless(Tool.HasSdk, "packing needs the .NET SDK on the PATH");
        var packed = Tool.Dotnet(
            Repository.Root, "pack", "Retort.slnx", "-c", "Release", "--no-build", "-v", "quiet", "-nodeReuse:false", "--nologo",
            $"-p:Version={Version}", "-o", folder.Path);
        Log = packed.Output + packed.Error;
        Assert.True(packed.ExitCode == 0, Log);
    }

    /// <summary>Holds the packages.</summary>
    public string Folder => folder.Path;

    /// <summary>What the packer printed.</summary>
    public string Log { get; }

    public void Dispose() => folder.Dispose();
}
